-- How far the current run of generation is.
-- $1 uuid campaign
-- row: total_items integer, processed_items integer
SELECT total_items, processed_items
  FROM campaign_phases
 WHERE campaign_id = $1 AND phase = 'generation';
