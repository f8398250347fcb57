/* api/probe_api.h: the handlers that use the network while their caller waits. persona_api.c and keyword_set_api.c list
 * them in their tables. */
#ifndef API_PROBE_API_H
#define API_PROBE_API_H

#include "api/pb.h"
#include "base/status.h"

struct rpc_call;

struct status api_test_persona(struct rpc_call *call, const Domainflow__V2__TestPersonaRequest *in,
			       Domainflow__V2__TestPersonaResponse **out) MUST_CHECK;
struct status api_extract_keywords(struct rpc_call *call, const Domainflow__V2__ExtractKeywordsRequest *in,
				   Domainflow__V2__ExtractKeywordsResponse **out) MUST_CHECK;

#endif
