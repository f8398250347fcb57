#include "model/campaign.h"

#include <math.h>

static double two_decimals(double value)
{
	return round(value * 100.0) / 100.0;
}

double phase_percent(const struct phase_state *state)
{
	double percent;

	if (state->status == PHASE_STATUS_COMPLETED)
		return 100.0;
	if (state->progress.total <= 0 || state->progress.processed <= 0)
		return 0.0;
	percent = 100.0 * state->progress.processed / state->progress.total;
	return percent > 100.0 ? 100.0 : two_decimals(percent);
}

double campaign_percent(const struct phase_state phases[PHASE_COUNT])
{
	double sum = 0.0;

	for (int i = 0; i < PHASE_COUNT; i++)
		sum += phase_percent(&phases[i]);
	return two_decimals(sum / PHASE_COUNT);
}

static enum phase first_with(const struct phase_state phases[PHASE_COUNT], enum phase_status status)
{
	int i = 0;

	while (i < PHASE_COUNT && phases[i].status != status)
		i++;
	return (enum phase)i;
}

enum phase campaign_control_phase(const struct phase_state phases[PHASE_COUNT])
{
	enum phase paused = first_with(phases, PHASE_STATUS_PAUSED);

	return paused != PHASE_COUNT ? paused : first_with(phases, PHASE_STATUS_IN_PROGRESS);
}

enum phase campaign_current_phase(const struct phase_state phases[PHASE_COUNT])
{
	enum phase control = campaign_control_phase(phases);
	int i = 0;

	if (control != PHASE_COUNT)
		return control;
	while (i < PHASE_COUNT && phases[i].status == PHASE_STATUS_COMPLETED)
		i++;
	return (enum phase)i;
}
