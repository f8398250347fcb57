-- Campaigns of a workspace that have names of a pattern, newest first.
-- $1 text workspace   $2 text config hash   $3 uuid only those created before this campaign (null: all)   $4 int at most
-- rows: campaign, offsets, counts, and what its phases say
SELECT c.id, c.name, c.status, c.created_at, c.discovery_offset_start, c.discovery_offset_end,
       n.total_domains, n.dns_ok, n.keyword_hits, n.lead_match,
       p.generated, p.any_failed, p.all_completed
  FROM campaigns c
  JOIN campaign_counters n ON n.campaign_id = c.id
 CROSS JOIN LATERAL (SELECT bool_or(status = 'completed' AND phase = 'generation') AS generated,
                            bool_or(status = 'failed') AS any_failed, bool_and(status = 'completed') AS all_completed
                       FROM campaign_phases
                      WHERE campaign_id = c.id) AS p
 WHERE c.workspace_id = $1
   AND c.discovery_config_hash = $2
   AND c.discovery_offset_start IS NOT NULL
   AND ($3::uuid IS NULL
        OR (c.created_at, c.id) < (SELECT created_at, id FROM campaigns WHERE id = $3::uuid))
 ORDER BY c.created_at DESC, c.id DESC
 LIMIT $4::integer;
