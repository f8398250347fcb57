-- The snapshot of a campaign with exactly this configuration, active or not.
-- $1 uuid campaign   $2 uuid profile or null   $3 integer profile version   $4 jsonb scoring configuration
-- $5 jsonb weights   $6 text algorithm version
-- row: id uuid, is_active boolean (none when it was never used here)
SELECT id, is_active
  FROM scoring_profile_snapshots
 WHERE campaign_id = $1 AND profile_id IS NOT DISTINCT FROM $2::uuid AND profile_version = $3
   AND scoring_configuration = $4::jsonb AND feature_weights = $5::jsonb AND algorithm_version = $6
 LIMIT 1;
