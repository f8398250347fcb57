/* api/campaign_report_api.h: the reads of CampaignService that gather several things about one campaign, each read at
 * one moment; api/campaign_api.c lists them in its table. */
#ifndef API_CAMPAIGN_REPORT_API_H
#define API_CAMPAIGN_REPORT_API_H

#include "api/pb.h"
#include "base/status.h"

struct rpc_call;

struct status api_get_campaign_progress(struct rpc_call *call, const Domainflow__V2__GetCampaignProgressRequest *in,
					Domainflow__V2__GetCampaignProgressResponse **out) MUST_CHECK;
struct status api_get_campaign_state(struct rpc_call *call, const Domainflow__V2__GetCampaignStateRequest *in,
				     Domainflow__V2__GetCampaignStateResponse **out) MUST_CHECK;
struct status api_get_enriched_campaign(struct rpc_call *call, const Domainflow__V2__GetEnrichedCampaignRequest *in,
					Domainflow__V2__GetEnrichedCampaignResponse **out) MUST_CHECK;

#endif
