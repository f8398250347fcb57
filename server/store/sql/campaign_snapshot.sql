-- A campaign and its five phases, read at one moment.
-- $1 uuid campaign   $2 text workspace (null: any)
-- rows: five, in pipeline order   (no row: unknown there)
SELECT c.id, c.workspace_id, c.user_id, c.name, c.description, c.status, c.mode, c.configuration, c.scoring_profile_id,
       c.duplicated_from, c.error_message, c.restart_running, c.last_sequence, c.last_event, c.version,
       c.discovery_config_hash, c.discovery_offset_start, c.discovery_offset_end,
       c.created_at, c.updated_at, c.started_at, c.completed_at,
       p.phase, p.status AS phase_status, p.configuration AS phase_configuration, p.run_number, p.run_context,
       p.total_items, p.processed_items, p.successful_items, p.failed_items, p.error_code,
       p.error_message AS phase_error_message, p.started_at AS phase_started_at,
       p.completed_at AS phase_completed_at, p.paused_at AS phase_paused_at, p.failed_at AS phase_failed_at
  FROM campaigns c
  JOIN campaign_phases p ON p.campaign_id = c.id
 WHERE c.id = $1 AND ($2::text IS NULL OR c.workspace_id = $2)
 ORDER BY p.phase;
