-- How many runs a campaign's phases had.
-- $1 uuid campaign   $2 text phase (null: all)
-- row: count
SELECT count(*) AS count
  FROM phase_executions
 WHERE campaign_id = $1 AND ($2::text IS NULL OR phase = $2::text::phase_enum);
