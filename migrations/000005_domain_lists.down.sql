DROP INDEX domain_extraction_features_facts;
DROP INDEX domain_extraction_features_gain;
DROP INDEX domain_extraction_features_keywords;
DROP INDEX domain_extraction_features_richness;
CREATE INDEX domain_extraction_features_richness ON domain_extraction_features (campaign_id, content_richness_score);
ALTER TABLE domain_extraction_features
  DROP COLUMN has_contact,
  DROP COLUMN anchor_share,
  DROP COLUMN repetition_index,
  DROP COLUMN stuffing_penalty;
