-- What a campaign has: how many domains, and from which offset to which.
-- $1 uuid campaign
-- row: domain_count integer, first_offset bigint, last_offset bigint (null when there are none)
SELECT c.total_domains AS domain_count,
       (SELECT min(d.offset_index) FROM domains d WHERE d.campaign_id = $1) AS first_offset,
       (SELECT max(d.offset_index) FROM domains d WHERE d.campaign_id = $1) AS last_offset
  FROM campaign_counters c
 WHERE c.campaign_id = $1;
