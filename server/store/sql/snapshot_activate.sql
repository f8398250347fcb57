-- Makes a snapshot the active one, writing it when it is new.
-- $1 uuid campaign   $2 uuid snapshot   $3 uuid profile or null   $4 integer profile version
-- $5 jsonb scoring configuration   $6 jsonb weights   $7 text algorithm version
INSERT INTO scoring_profile_snapshots (campaign_id, id, profile_id, profile_version, scoring_configuration,
                                       feature_weights, algorithm_version, is_active)
VALUES ($1, $2, $3, $4, $5, $6, $7, true)
ON CONFLICT (campaign_id, id) DO UPDATE
   SET is_active = true, replaced_at = NULL, replaced_by_snapshot_id = NULL;
