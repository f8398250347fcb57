-- The counters of a copy, from zero, and its phases, as the original's are configured.
-- $1 uuid original   $2 uuid copy
WITH counters AS (
  INSERT INTO campaign_counters (campaign_id)
  VALUES ($2)
)
INSERT INTO campaign_phases (campaign_id, phase, status, configuration)
SELECT $2, phase, (CASE WHEN configuration IS NULL THEN 'not_started' ELSE 'configured' END)::phase_status_enum,
       configuration
  FROM campaign_phases
 WHERE campaign_id = $1;
