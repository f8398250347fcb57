/* api/pb.h: short names for the generated messages, and making them in an arena. */
#ifndef API_PB_H
#define API_PB_H

#include "base/arena.h"

#include "domainflow/v2/campaign_service.pb-c.h"
#include "domainflow/v2/discovery_service.pb-c.h"
#include "domainflow/v2/domain_service.pb-c.h"
#include "domainflow/v2/event_service.pb-c.h"
#include "domainflow/v2/insight_service.pb-c.h"
#include "domainflow/v2/keyword_set_service.pb-c.h"
#include "domainflow/v2/list.pb-c.h"
#include "domainflow/v2/persona_service.pb-c.h"
#include "domainflow/v2/phase.pb-c.h"
#include "domainflow/v2/phase_service.pb-c.h"
#include "domainflow/v2/server_service.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

typedef Google__Protobuf__Timestamp PbTimestamp;
typedef Domainflow__V2__Campaign PbCampaign;
typedef Domainflow__V2__CampaignProgress PbCampaignProgress;
typedef Domainflow__V2__CampaignProgressUpdate PbCampaignProgressUpdate;
typedef Domainflow__V2__CampaignStatusSnapshot PbCampaignStatusSnapshot;
typedef Domainflow__V2__PhaseError PbPhaseError;
typedef Domainflow__V2__PhaseExecution PbPhaseExecution;
typedef Domainflow__V2__PhaseProgress PbPhaseProgress;
typedef Domainflow__V2__PhaseState PbPhaseState;
typedef Domainflow__V2__PhaseSummary PbPhaseSummary;
typedef Domainflow__V2__PhaseTransition PbPhaseTransition;
typedef Domainflow__V2__AutoAdvanceBlocked PbAutoAdvanceBlocked;
typedef Domainflow__V2__RuntimeControls PbRuntimeControls;
typedef Domainflow__V2__WatchCampaignRequest PbWatchCampaignRequest;
typedef Domainflow__V2__WatchCampaignsRequest PbWatchCampaignsRequest;
typedef Domainflow__V2__WatchCampaignResponse PbWatchCampaignResponse;
typedef Domainflow__V2__Domain PbDomain;

/* An initialised message in the arena, NULL when it is full. lower is the generated name:
 *   PbPhaseState *state = PB_NEW(arena, PbPhaseState, domainflow__v2__phase_state);  */
#define PB_NEW(arena, T, lower) \
	({ \
		T *pb_new_ = arena_alloc((arena), sizeof(T)); \
		if (pb_new_) \
			lower##__init(pb_new_); \
		pb_new_; \
	})

#endif
