-- Marks feature rows as scored under a snapshot. One walk over the range, as in domain_score.sql.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 bigint[] offsets, ascending   $5 uuid snapshot
UPDATE domain_extraction_features f
   SET is_stale_score = false, scoring_profile_snapshot_id = $5, analysis_version = 1, updated_at = now()
 WHERE f.campaign_id = $1 AND f.domain_id BETWEEN $2 AND $3
   AND ($4::bigint[])[width_bucket(f.domain_id, $4::bigint[])] = f.domain_id
   AND f.processing_state = 'ready';
