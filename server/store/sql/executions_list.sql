-- The runs of a campaign's phases, newest first (ids are version 7: they grow with time). The run that is under way takes
-- its progress from the phase, whose row the batches update; a phase that was set back says nothing about its last run.
-- $1 uuid campaign   $2 text phase (null: all)   $3 uuid before this id (null: first page)   $4 int at most
-- $5 int rows to leave out
-- rows: the runs
SELECT e.id, e.phase, e.run_number, e.status, e.configuration,
       CASE WHEN is_live THEN p.total_items ELSE e.total_items END AS total_items,
       CASE WHEN is_live THEN p.processed_items ELSE e.processed_items END AS processed_items,
       CASE WHEN is_live THEN p.successful_items ELSE e.successful_items END AS successful_items,
       CASE WHEN is_live THEN p.failed_items ELSE e.failed_items END AS failed_items,
       e.error_code, e.error_message, e.metrics, e.started_at, e.completed_at, e.paused_at, e.failed_at,
       greatest(e.started_at, e.completed_at, e.paused_at, e.failed_at, CASE WHEN is_live THEN p.updated_at END)
         AS updated_at
  FROM phase_executions e
  JOIN campaign_phases p ON p.campaign_id = e.campaign_id AND p.phase = e.phase
 CROSS JOIN LATERAL (SELECT p.run_number = e.run_number
                            AND p.status IN ('in_progress', 'paused', 'completed', 'failed') AS is_live) AS l
 WHERE e.campaign_id = $1 AND ($2::text IS NULL OR e.phase = $2::text::phase_enum) AND ($3::uuid IS NULL OR e.id < $3)
 ORDER BY e.id DESC
 LIMIT $4::integer OFFSET $5::integer;
