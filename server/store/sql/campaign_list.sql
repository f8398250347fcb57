-- A page of a workspace's campaigns with phases and counters.
-- $1 text workspace   $2 text status (null: any)   $3 text part of the name, case ignored (null: any)
-- $4 text order: created_at, updated_at or name   $5 bool descending
-- $6 bool only after: $7 bigint this time in microseconds, or $8 text this name in lower case, and $9 uuid this id
-- $10 int at most   $11 int rows to leave out
-- rows: five a campaign, in pipeline order
-- Planned with the values, the CASEs fold away, and newest first reads one page of campaigns_workspace_created: places
-- are counted behind the LIMIT, since a window over all rows reads all rows.
WITH keyed AS (
  SELECT id, CASE $4::text WHEN 'created_at' THEN created_at WHEN 'updated_at' THEN updated_at END AS key_time,
         CASE $4::text WHEN 'name' THEN lower(name) ELSE '' END AS key_name
    FROM campaigns
   WHERE workspace_id = $1
     AND ($2::text IS NULL OR status = $2::text::campaign_status_enum)
     AND ($3::text IS NULL OR strpos(lower(name), lower($3::text)) > 0)
), page AS (
  SELECT id, key_time, key_name, row_number() OVER () AS place
    FROM (SELECT id, key_time, key_name
            FROM keyed
           WHERE NOT $6::boolean
              OR CASE WHEN $4::text = 'name' AND $5::boolean THEN (key_name, id) < ($8::text, $9::uuid)
                      WHEN $4::text = 'name' THEN (key_name, id) > ($8::text, $9::uuid)
                      WHEN $5::boolean
                      THEN (key_time, id) < (timestamptz 'epoch' + $7::bigint * interval '1 microsecond', $9::uuid)
                      ELSE (key_time, id) > (timestamptz 'epoch' + $7::bigint * interval '1 microsecond', $9::uuid) END
           ORDER BY CASE WHEN NOT $5::boolean THEN key_time END, CASE WHEN $5::boolean THEN key_time END DESC,
                    CASE WHEN NOT $5::boolean THEN key_name END, CASE WHEN $5::boolean THEN key_name END DESC,
                    CASE WHEN NOT $5::boolean THEN id END, CASE WHEN $5::boolean THEN id END DESC
           LIMIT $10::integer OFFSET $11::integer) AS ordered
)
SELECT c.id, c.workspace_id, c.user_id, c.name, c.description, c.status, c.mode, c.configuration, c.scoring_profile_id,
       c.duplicated_from, c.error_message, c.restart_running, c.last_sequence, c.last_event, c.version,
       c.discovery_config_hash, c.discovery_offset_start, c.discovery_offset_end,
       c.created_at, c.updated_at, c.started_at, c.completed_at,
       n.total_domains, n.dns_pending, n.dns_ok, n.dns_error, n.dns_timeout, n.http_pending, n.http_ok, n.http_error,
       n.http_timeout, n.lead_pending, n.lead_match, n.lead_no_match, n.lead_error, n.lead_timeout, n.reject_qualified,
       n.reject_low_score, n.reject_no_keywords, n.reject_parked, n.reject_dns_error, n.reject_dns_timeout,
       n.reject_http_error, n.reject_http_timeout, n.reject_pending, n.keyword_hits, n.analyzed,
       coalesce((extract(epoch FROM page.key_time) * 1000000)::bigint, 0) AS key_us, page.key_name,
       p.phase, p.status AS phase_status, p.configuration AS phase_configuration, p.run_number, p.run_context,
       p.total_items, p.processed_items, p.successful_items, p.failed_items, p.error_code,
       p.error_message AS phase_error_message, p.started_at AS phase_started_at,
       p.completed_at AS phase_completed_at, p.paused_at AS phase_paused_at, p.failed_at AS phase_failed_at
  FROM page
  JOIN campaigns c ON c.id = page.id
  JOIN campaign_counters n ON n.campaign_id = c.id
  JOIN campaign_phases p ON p.campaign_id = c.id
 ORDER BY page.place, p.phase;
