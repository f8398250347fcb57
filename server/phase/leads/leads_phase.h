/* phase/leads/leads_phase.h: every domain is decided by the rules of scoring/leads.h. No network; deterministic, so
 * doing it again changes nothing unless its inputs changed. Any thread. */
#ifndef PHASE_LEADS_PHASE_H
#define PHASE_LEADS_PHASE_H

#include "phase/phase.h"

extern const struct phase_ops leads_phase;

#endif
