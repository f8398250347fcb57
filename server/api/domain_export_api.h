/* api/domain_export_api.h: DomainService.ExportDomains: every domain that passes, as a stream.
 *
 * Each export has a thread of its own that reads a piece of the campaign in a short transaction and waits, holding no
 * connection, until the client has taken it; so memory and what the database holds are the same for any size. The
 * default order goes on from key to key; every other order is an array of offsets made at the beginning, eight bytes a
 * domain, so that no score that changes meanwhile moves a domain over the place the export has reached. */
#ifndef API_DOMAIN_EXPORT_API_H
#define API_DOMAIN_EXPORT_API_H

#include "api/pb.h"
#include "base/status.h"

struct rpc_call;
struct rpc_stream;

struct status api_export_domains(struct rpc_call *call, const Domainflow__V2__ExportDomainsRequest *in,
				 struct rpc_stream *stream) MUST_CHECK;

#endif
