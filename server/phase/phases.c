#include "phase/analysis/analysis_phase.h"
#include "phase/dns/dns_metrics.h"
#include "phase/dns/dns_phase.h"
#include "phase/generation/generation_phase.h"
#include "phase/http/http_metrics.h"
#include "phase/http/http_phase.h"
#include "phase/leads/leads_phase.h"
#include "phase/phase.h"

const struct phase_ops *phase_ops_of(enum phase phase)
{
	static const struct phase_ops *const all[PHASE_COUNT] = {
		[PHASE_GENERATION] = &generation_phase, [PHASE_DNS] = &dns_phase,     [PHASE_HTTP] = &http_phase,
		[PHASE_ANALYSIS] = &analysis_phase,     [PHASE_LEADS] = &leads_phase,
	};

	return all[phase];
}

void phases_metrics_register(struct metrics *metrics)
{
	dns_metrics_register(metrics);
	http_metrics_register(metrics);
	analysis_metrics_register(metrics);
}
