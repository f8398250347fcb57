-- The phases and counters of a new campaign.
-- $1 uuid campaign   $2 text[] phases   $3 jsonb[] their configurations (null: none)
WITH counters AS (
  INSERT INTO campaign_counters (campaign_id)
  VALUES ($1)
)
INSERT INTO campaign_phases (campaign_id, phase, status, configuration)
SELECT $1, p.phase::phase_enum,
       (CASE WHEN p.configuration IS NULL THEN 'not_started' ELSE 'configured' END)::phase_status_enum, p.configuration
  FROM unnest($2::text[], $3::jsonb[]) AS p (phase, configuration);
