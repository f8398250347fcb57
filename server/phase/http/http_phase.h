/* phase/http/http_phase.h: the sites of resolving domains are fetched, searched for keywords and made into feature
 * rows.
 *
 *   http_run.c          what a run needs: rules, personas, weights
 *   http_lookups.c      where hosts of redirects live
 *   http_fetch_batch.c  pages of a batch → features
 *   http_metrics.c      what is counted
 *   http_store_batch.c  features → rows
 *
 * Any thread. */
#ifndef PHASE_HTTP_PHASE_H
#define PHASE_HTTP_PHASE_H

#include "phase/phase.h"

extern const struct phase_ops http_phase;

#endif
