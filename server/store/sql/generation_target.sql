-- How many domains the current run of generation has to make.
-- $1 uuid campaign
-- row: total_items integer
SELECT total_items
  FROM campaign_phases
 WHERE campaign_id = $1 AND phase = 'generation';
