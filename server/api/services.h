/* api/services.h: the handler structs, one per file, and the list api_register adds. */
#ifndef API_SERVICES_H
#define API_SERVICES_H

struct domainflow_v2_campaign_handlers;
struct domainflow_v2_discovery_handlers;
struct domainflow_v2_domain_handlers;
struct domainflow_v2_event_handlers;
struct domainflow_v2_insight_handlers;
struct domainflow_v2_keyword_set_handlers;
struct domainflow_v2_persona_handlers;
struct domainflow_v2_phase_handlers;
struct domainflow_v2_server_handlers;

extern const struct domainflow_v2_campaign_handlers api_campaign_handlers;
extern const struct domainflow_v2_discovery_handlers api_discovery_handlers;
extern const struct domainflow_v2_domain_handlers api_domain_handlers;
extern const struct domainflow_v2_event_handlers api_event_handlers;
extern const struct domainflow_v2_insight_handlers api_insight_handlers;
extern const struct domainflow_v2_keyword_set_handlers api_keyword_set_handlers;
extern const struct domainflow_v2_persona_handlers api_persona_handlers;
extern const struct domainflow_v2_phase_handlers api_phase_handlers;
extern const struct domainflow_v2_server_handlers api_server_handlers;

#endif
