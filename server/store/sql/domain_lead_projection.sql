-- What the leads decision looks at, for every domain of a batch.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset
-- rows in offset order; the last five columns are null without a finished feature row
SELECT d.offset_index, d.dns_status, d.http_status, coalesce(d.is_parked, false) AS is_parked,
       coalesce(d.parked_confidence, 0) AS parked_confidence, d.domain_score,
       f.has_structural_signals, f.kw_unique_count, f.kw_total_occurrences, f.content_bytes
  FROM domains d
  LEFT JOIN domain_extraction_features f
    ON f.campaign_id = $1 AND f.domain_id = d.offset_index AND f.processing_state = 'ready'
 WHERE d.campaign_id = $1 AND d.offset_index BETWEEN $2 AND $3
 ORDER BY d.offset_index;
