/* phase/dns/dns_phase.h: which names resolve. Names are spread over the configured personas in turn; each keeps its own
 * resolvers, pace and limits. Finished names are stored even when the batch was cancelled; the rest is done later.
 * Any thread. */
#ifndef PHASE_DNS_PHASE_H
#define PHASE_DNS_PHASE_H

#include "phase/phase.h"

extern const struct phase_ops dns_phase;

#endif
