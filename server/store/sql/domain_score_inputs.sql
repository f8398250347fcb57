-- What a domain's score was or will be made of: its feature row, and the snapshot of the weights (the row's, else the
-- campaign's active one). OFFSET 0: one probe of the key, whatever the statistics say.
-- $1 uuid campaign   $2 text name
-- row: none when there is no such domain; processing_state is null without a feature row, snapshot_id without a snapshot
SELECT d.offset_index, d.domain_score, f.processing_state, f.kw_unique_count, f.kw_total_occurrences, f.content_bytes,
       f.title_has_keyword, f.is_parked, f.parked_confidence, f.fetched_at,
       s.id AS snapshot_id, s.profile_id, s.feature_weights, s.scoring_configuration
  FROM domains d
  LEFT JOIN LATERAL (
         SELECT processing_state, kw_unique_count, kw_total_occurrences, content_bytes, title_has_keyword, is_parked,
                parked_confidence, fetched_at, scoring_profile_snapshot_id
           FROM domain_extraction_features
          WHERE campaign_id = $1 AND domain_id = d.offset_index
         OFFSET 0) AS f ON true
  LEFT JOIN LATERAL (
         SELECT id, profile_id, feature_weights, scoring_configuration
           FROM scoring_profile_snapshots
          WHERE campaign_id = $1 AND (id = f.scoring_profile_snapshot_id OR is_active)
          ORDER BY id = f.scoring_profile_snapshot_id DESC NULLS LAST
          LIMIT 1) AS s ON true
 WHERE d.campaign_id = $1 AND d.domain_name = $2;
