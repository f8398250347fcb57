-- The scoring snapshot a campaign's scores are made under.
-- $1 uuid campaign
-- row: id uuid, matches boolean (it is the given configuration); none before the first analysis
-- $2 uuid profile or null   $3 integer profile version   $4 jsonb scoring configuration   $5 jsonb weights
-- $6 text algorithm version
SELECT id, (profile_id IS NOT DISTINCT FROM $2::uuid AND profile_version = $3 AND scoring_configuration = $4::jsonb
            AND feature_weights = $5::jsonb AND algorithm_version = $6) AS matches
  FROM scoring_profile_snapshots
 WHERE campaign_id = $1 AND is_active;
