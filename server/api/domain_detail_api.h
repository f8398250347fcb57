/* api/domain_detail_api.h: the handlers of DomainService about one domain, and what all of them begin with. */
#ifndef API_DOMAIN_DETAIL_API_H
#define API_DOMAIN_DETAIL_API_H

#include "api/pb.h"
#include "base/status.h"
#include "base/uuid.h"

struct campaign_snapshot;
struct rpc_call;
struct store_tx;

/* A consistent view of a campaign of the caller's workspace; the caller commits. out_campaign may be NULL. NOT_FOUND /
 * CAMPAIGN_UNKNOWN. */
struct status api_domains_open(struct rpc_call *call, const struct uuid *campaign_id,
			       struct campaign_snapshot *out_campaign, struct store_tx **tx) MUST_CHECK;
/* A name in lower case, in the arena. BAD_REQUEST naming `domain`. */
struct status api_domain_name(struct arena *arena, const char *domain, char **out) MUST_CHECK;

struct status api_list_domain_keywords(struct rpc_call *call, const Domainflow__V2__ListDomainKeywordsRequest *in,
				       Domainflow__V2__ListDomainKeywordsResponse **out) MUST_CHECK;
struct status api_get_score_breakdown(struct rpc_call *call, const Domainflow__V2__GetScoreBreakdownRequest *in,
				      Domainflow__V2__GetScoreBreakdownResponse **out) MUST_CHECK;

#endif
