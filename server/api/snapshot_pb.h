/* api/snapshot_pb.h: campaigns and phases as messages, for answers and for the stream alike. Everything is made in the
 * arena; texts of the source are borrowed. NULL when the arena is full. */
#ifndef API_SNAPSHOT_PB_H
#define API_SNAPSHOT_PB_H

#include "api/pb.h"
#include "model/campaign.h"
#include "model/counters.h"

struct execution;

PbCampaignStatusSnapshot *pb_snapshot(struct arena *arena, const struct campaign_snapshot *snapshot) MUST_CHECK;
PbPhaseSummary *pb_phase_summary(struct arena *arena, const struct phase_state *state) MUST_CHECK;
PbPhaseState *pb_phase_state(struct arena *arena, const struct phase_state *state, int32_t last_sequence) MUST_CHECK;
PbPhaseProgress *pb_phase_progress(struct arena *arena, const struct phase_state *state) MUST_CHECK;
/* All five, in pipeline order. */
PbPhaseSummary **pb_phase_summaries(struct arena *arena, const struct phase_state phases[PHASE_COUNT]) MUST_CHECK;
PbPhaseExecution *pb_phase_execution(struct arena *arena, const struct uuid *campaign_id,
				     const struct execution *execution) MUST_CHECK;
PbPhaseExecution **pb_phase_executions(struct arena *arena, const struct uuid *campaign_id,
				       const struct execution *executions, size_t count) MUST_CHECK;
PbCampaignProgress *pb_campaign_progress(struct arena *arena, const struct campaign_snapshot *snapshot,
					 const struct counters *counters) MUST_CHECK;
Domainflow__V2__CampaignState *pb_campaign_state(struct arena *arena, const struct campaign *campaign) MUST_CHECK;
PbCampaign *pb_campaign(struct arena *arena, const struct campaign_snapshot *snapshot,
			const struct counters *counters) MUST_CHECK;

#endif
