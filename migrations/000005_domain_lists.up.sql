-- What lists of domains filter and sort by, as columns of the feature row: computed from its vector when a fetch writes
-- it, so they can't disagree with it; a key that is missing or no number is NULL. The indexes hold only what fetches
-- write, so scoring's updates stay heap-only.

ALTER TABLE domain_extraction_features
  ADD COLUMN stuffing_penalty double precision GENERATED ALWAYS AS (
    CASE WHEN jsonb_typeof(feature_vector -> 'stuffing_penalty') = 'number'
         THEN (feature_vector -> 'stuffing_penalty')::double precision END) STORED,
  ADD COLUMN repetition_index double precision GENERATED ALWAYS AS (
    CASE WHEN jsonb_typeof(feature_vector -> 'repetition_index') = 'number'
         THEN (feature_vector -> 'repetition_index')::double precision END) STORED,
  ADD COLUMN anchor_share double precision GENERATED ALWAYS AS (
    CASE WHEN jsonb_typeof(feature_vector -> 'anchor_share') = 'number'
         THEN (feature_vector -> 'anchor_share')::double precision END) STORED,
  ADD COLUMN has_contact boolean GENERATED ALWAYS AS (
    coalesce(feature_vector -> 'exp_has_contact' = 'true'::jsonb, false)) STORED;

DROP INDEX domain_extraction_features_richness;
CREATE INDEX domain_extraction_features_richness
    ON domain_extraction_features (campaign_id, content_richness_score DESC, domain_id)
 WHERE processing_state IN ('ready', 'stale');
CREATE INDEX domain_extraction_features_keywords
    ON domain_extraction_features (campaign_id, kw_unique_count DESC, domain_id)
 WHERE processing_state IN ('ready', 'stale');
CREATE INDEX domain_extraction_features_gain
    ON domain_extraction_features (campaign_id, microcrawl_gain_ratio DESC, domain_id)
 WHERE processing_state IN ('ready', 'stale');
-- A feature row is a page wide; whoever asks about all of a campaign reads this instead.
CREATE INDEX domain_extraction_features_facts
    ON domain_extraction_features (campaign_id, domain_id)
       INCLUDE (processing_state, content_richness_score, kw_unique_count, microcrawl_gain_ratio, microcrawl_pages,
                stuffing_penalty, repetition_index, anchor_share, has_contact);
