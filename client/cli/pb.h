/* cli/pb.h: short names for the generated types the commands use. */
#ifndef CLI_PB_H
#define CLI_PB_H

#include "domainflow/v2/campaign_service.grpc-c.client.h"
#include "domainflow/v2/discovery_service.grpc-c.client.h"
#include "domainflow/v2/domain_service.grpc-c.client.h"
#include "domainflow/v2/event_service.grpc-c.client.h"
#include "domainflow/v2/insight_service.grpc-c.client.h"
#include "domainflow/v2/keyword_set_service.grpc-c.client.h"
#include "domainflow/v2/persona_service.grpc-c.client.h"
#include "domainflow/v2/phase_service.grpc-c.client.h"
#include "domainflow/v2/server_service.grpc-c.client.h"

/* A request on the stack with its defaults: PB(GetCampaignRequest, GET_CAMPAIGN_REQUEST, request); */
#define PB(type, init, name) Domainflow__V2__##type name = DOMAINFLOW__V2__##init##__INIT

/* protobuf-c's texts are char *, although packing only reads them. NULL becomes "". */
static inline char *pb_borrow(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");
}

typedef Domainflow__V2__Campaign PbCampaign;
typedef Domainflow__V2__CampaignStatusSnapshot PbSnapshot;
typedef Domainflow__V2__PhaseSummary PbPhaseSummary;
typedef Domainflow__V2__Persona PbPersona;
typedef Domainflow__V2__KeywordSet PbKeywordSet;
typedef Domainflow__V2__KeywordRule PbKeywordRule;
typedef Domainflow__V2__WatchCampaignResponse PbEvent;

#endif
