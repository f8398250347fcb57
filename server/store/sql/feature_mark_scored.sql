-- Marks feature rows as scored under a snapshot.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 bigint[] offsets   $5 uuid snapshot
UPDATE domain_extraction_features f
   SET is_stale_score = false, scoring_profile_snapshot_id = $5, analysis_version = 1, updated_at = now()
  FROM unnest($4::bigint[]) AS r (domain_id)
 WHERE r.domain_id BETWEEN $2 AND $3 AND f.campaign_id = $1 AND f.domain_id = r.domain_id
   AND f.processing_state = 'ready';
