-- The record of a run: written when it begins and at every transition.
-- $1 uuid campaign   $2 text phase   $3 int run number   $4 uuid id (kept from the first write)
-- $5 jsonb results (null keeps what is there)
-- Everything else is copied from the phase, which was saved before.
INSERT INTO phase_executions AS e (campaign_id, phase, run_number, id, status, configuration, total_items,
       processed_items, successful_items, failed_items, error_code, error_message, metrics, started_at, completed_at,
       paused_at, failed_at)
SELECT p.campaign_id, p.phase, $3::integer, $4::uuid, p.status, coalesce(p.configuration, '{}'), p.total_items,
       p.processed_items, p.successful_items, p.failed_items, p.error_code, p.error_message,
       coalesce($5::jsonb, '{}'), coalesce(p.started_at, now()), p.completed_at, p.paused_at, p.failed_at
  FROM campaign_phases p
 WHERE p.campaign_id = $1 AND p.phase = $2::text::phase_enum
ON CONFLICT (campaign_id, phase, run_number) DO UPDATE
   SET status = excluded.status, total_items = excluded.total_items, processed_items = excluded.processed_items,
       successful_items = excluded.successful_items, failed_items = excluded.failed_items,
       error_code = excluded.error_code, error_message = excluded.error_message,
       metrics = coalesce($5::jsonb, e.metrics), started_at = excluded.started_at,
       completed_at = excluded.completed_at, paused_at = excluded.paused_at, failed_at = excluded.failed_at;
