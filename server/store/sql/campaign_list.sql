-- A page of a workspace's campaigns with phases and counters, newest first.
-- $1 text workspace   $2 text status (null: any)   $3 text part of the name, case ignored (null: any)
-- $4 bigint after this creation time in microseconds (null: from the start)   $5 uuid and this id   $6 int at most
-- rows: five a campaign, in pipeline order
WITH page AS (
  SELECT id
    FROM campaigns
   WHERE workspace_id = $1
     AND ($2::text IS NULL OR status = $2::text::campaign_status_enum)
     AND ($3::text IS NULL OR strpos(lower(name), lower($3::text)) > 0)
     AND ($4::bigint IS NULL
          OR (created_at, id) < (timestamptz 'epoch' + $4::bigint * interval '1 microsecond', $5::uuid))
   ORDER BY created_at DESC, id DESC
   LIMIT $6::integer
)
SELECT c.id, c.workspace_id, c.user_id, c.name, c.description, c.status, c.mode, c.configuration, c.scoring_profile_id,
       c.duplicated_from, c.error_message, c.restart_running, c.last_sequence, c.last_event, c.version,
       c.discovery_config_hash, c.discovery_offset_start, c.discovery_offset_end,
       c.created_at, c.updated_at, c.started_at, c.completed_at,
       n.total_domains, n.dns_pending, n.dns_ok, n.dns_error, n.dns_timeout, n.http_pending, n.http_ok, n.http_error,
       n.http_timeout, n.lead_pending, n.lead_match, n.lead_no_match, n.lead_error, n.lead_timeout, n.reject_qualified,
       n.reject_low_score, n.reject_no_keywords, n.reject_parked, n.reject_dns_error, n.reject_dns_timeout,
       n.reject_http_error, n.reject_http_timeout, n.reject_pending, n.keyword_hits, n.analyzed,
       (extract(epoch FROM c.created_at) * 1000000)::bigint AS created_us,
       p.phase, p.status AS phase_status, p.configuration AS phase_configuration, p.run_number, p.run_context,
       p.total_items, p.processed_items, p.successful_items, p.failed_items, p.error_code,
       p.error_message AS phase_error_message, p.started_at AS phase_started_at,
       p.completed_at AS phase_completed_at, p.paused_at AS phase_paused_at, p.failed_at AS phase_failed_at
  FROM page
  JOIN campaigns c ON c.id = page.id
  JOIN campaign_counters n ON n.campaign_id = c.id
  JOIN campaign_phases p ON p.campaign_id = c.id
 ORDER BY c.created_at DESC, c.id DESC, p.phase;
