-- Between which offsets the domains of a campaign are.
-- $1 uuid campaign
-- row: first, last bigint   (null: there are none)
SELECT min(offset_index) AS first, max(offset_index) AS last
  FROM domains
 WHERE campaign_id = $1;
