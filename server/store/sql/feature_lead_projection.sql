-- What the leads decision looks at in the finished feature rows of a batch.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset
-- rows in offset order
SELECT domain_id, has_structural_signals, kw_unique_count, kw_total_occurrences, content_bytes
  FROM domain_extraction_features
 WHERE campaign_id = $1 AND domain_id BETWEEN $2 AND $3 AND processing_state = 'ready'
 ORDER BY domain_id;
