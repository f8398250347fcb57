DROP TABLE domain_generation_config_states, campaign_counters, domains;
DROP TYPE rejection_reason_enum, lead_status_enum, http_status_enum, dns_status_enum;
