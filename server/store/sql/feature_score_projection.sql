-- What scoring looks at, for the finished feature rows of a batch. With $4 only those whose score is stale or from
-- another snapshot than $5.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 boolean only stale   $5 uuid snapshot
-- rows in offset order
SELECT domain_id, kw_unique_count, kw_total_occurrences, content_bytes, title_has_keyword, is_parked,
       parked_confidence, fetched_at, kw_weight_sum
  FROM domain_extraction_features
 WHERE campaign_id = $1 AND domain_id BETWEEN $2 AND $3 AND processing_state = 'ready'
   AND (NOT $4::boolean OR is_stale_score OR scoring_profile_snapshot_id IS DISTINCT FROM $5::uuid)
 ORDER BY domain_id;
