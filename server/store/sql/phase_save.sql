-- Writes a phase of a locked campaign. The place of the run (cut_after and so on) is phase_begin_run's.
-- $1 uuid campaign   $2 text phase   $3 text status   $4 jsonb configuration   $5 int total   $6 int processed
-- $7 int successful   $8 int failed   $9 text error code   $10 text error message   $11 timestamptz started_at
-- $12 timestamptz completed_at   $13 timestamptz paused_at   $14 timestamptz failed_at
UPDATE campaign_phases
   SET status = $3::text::phase_status_enum, configuration = $4::jsonb, total_items = $5, processed_items = $6,
       successful_items = $7, failed_items = $8, error_code = $9, error_message = $10, started_at = $11,
       completed_at = $12, paused_at = $13, failed_at = $14, updated_at = now()
 WHERE campaign_id = $1 AND phase = $2::text::phase_enum;
