-- One domain of a campaign.
-- $1 uuid campaign   $2 text name
SELECT d.offset_index, d.domain_name, d.dns_status, d.http_status, d.lead_status, d.rejection_reason, d.is_parked,
       d.http_status_code, d.parked_confidence, d.domain_score, d.lead_score, d.dns_reason, host(d.dns_ip) AS dns_ip,
       d.http_reason, d.http_title, d.http_keywords, d.created_at, f.content_richness_score, f.kw_unique_count,
       f.kw_total_occurrences
  FROM domains d
  LEFT JOIN domain_extraction_features f
    ON f.campaign_id = $1 AND f.domain_id = d.offset_index AND f.processing_state = 'ready'
 WHERE d.campaign_id = $1 AND d.domain_name = $2;
