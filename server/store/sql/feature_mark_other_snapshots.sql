-- A new active snapshot: scores from any other one are stale.
-- $1 uuid campaign   $2 uuid active snapshot
UPDATE domain_extraction_features
   SET is_stale_score = true, updated_at = now()
 WHERE campaign_id = $1 AND NOT is_stale_score AND scoring_profile_snapshot_id IS DISTINCT FROM $2;
