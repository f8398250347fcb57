/* api/domain_pb.h: domains as the contract has them. Pure but for the arena. */
#ifndef API_DOMAIN_PB_H
#define API_DOMAIN_PB_H

#include "api/pb.h"
#include "base/uuid.h"
#include "model/classify.h"
#include "model/counters.h"
#include "model/domain.h"

struct settings;

/* The thresholds of warnings and classes as this installation has them. */
struct classify_limits api_classify_limits(const struct settings *settings);

/* NULL when the arena is full. Texts are borrowed from the domain. */
PbDomain *pb_domain(struct arena *arena, const struct uuid *campaign_id, const struct classify_limits *limits,
		    const struct domain *domain);
Domainflow__V2__DomainAggregates *pb_domain_aggregates(struct arena *arena, const struct counters *counters);

#endif
