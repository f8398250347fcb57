-- Domains of a batch that a phase is done with, to be shown: the first so many of those that the newest transaction
-- wrote. A batch may be stored in parts.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 text phase   $5 int at most
-- rows in offset order
SELECT d.offset_index, d.domain_name, d.dns_status, d.http_status, d.lead_status, d.rejection_reason, d.dns_reason,
       d.http_reason, f.http_status_code, f.fetch_time_ms, f.kw_unique_count, f.content_richness_score, f.is_parked
  FROM domains d
  LEFT JOIN domain_extraction_features f ON f.campaign_id = $1 AND f.domain_id = d.offset_index
 WHERE d.campaign_id = $1 AND d.offset_index BETWEEN $2 AND $3
   AND CASE $4
         WHEN 'dns' THEN d.dns_status <> 'pending'
         WHEN 'http' THEN d.http_status <> 'pending'
         WHEN 'leads' THEN d.lead_status <> 'pending'
         ELSE true
       END
   AND d.updated_at = (SELECT max(m.updated_at)
                         FROM domains m
                        WHERE m.campaign_id = $1 AND m.offset_index BETWEEN $2 AND $3)
 ORDER BY d.offset_index
 LIMIT $5;
