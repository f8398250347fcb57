/* cli/domain.h: which domains a line of options selects. One thread. */
#ifndef CLI_DOMAIN_H
#define CLI_DOMAIN_H

#include "pb.h"

struct cli;

#define DOMAIN_REASONS_MAX 9

/* What selects and orders domains, from the line. Texts and `reasons` are borrowed by the request. */
struct status domain_selection_read(const struct cli *cli, Domainflow__V2__RejectionReason reasons[DOMAIN_REASONS_MAX],
				    Domainflow__V2__ListDomainsRequest *out) MUST_CHECK;

#endif
