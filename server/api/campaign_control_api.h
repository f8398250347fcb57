/* api/campaign_control_api.h: the state-changing verbs of CampaignService; api/campaign_api.c lists them in its table.
 */
#ifndef API_CAMPAIGN_CONTROL_API_H
#define API_CAMPAIGN_CONTROL_API_H

#include "api/pb.h"
#include "base/status.h"

struct rpc_call;

struct status api_set_campaign_mode(struct rpc_call *call, const Domainflow__V2__SetCampaignModeRequest *in,
				    Domainflow__V2__SetCampaignModeResponse **out) MUST_CHECK;
struct status api_stop_campaign(struct rpc_call *call, const Domainflow__V2__StopCampaignRequest *in,
				Domainflow__V2__StopCampaignResponse **out) MUST_CHECK;
struct status api_restart_campaign(struct rpc_call *call, const Domainflow__V2__RestartCampaignRequest *in,
				   Domainflow__V2__RestartCampaignResponse **out) MUST_CHECK;
struct status api_set_campaign_state(struct rpc_call *call, const Domainflow__V2__SetCampaignStateRequest *in,
				     Domainflow__V2__SetCampaignStateResponse **out) MUST_CHECK;

#endif
