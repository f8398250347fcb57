-- Every phase that runs now, over all campaigns: what workers choose from.
-- rows: campaign_id, phase, run_number
SELECT campaign_id, phase, run_number
  FROM campaign_phases
 WHERE status = 'in_progress'
 ORDER BY campaign_id, phase
 LIMIT 10000;
