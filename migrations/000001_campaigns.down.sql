DROP TABLE installation_state, instances, idempotency_records, campaign_events, phase_batches, phase_executions,
  campaign_phases, campaigns, workspaces;
DROP TYPE batch_state_enum, phase_status_enum, phase_enum, campaign_mode_enum, campaign_status_enum;
