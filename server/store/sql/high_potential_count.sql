-- Scored sites above a richness.
-- $1 uuid campaign   $2 double richness
-- row: domains
SELECT count(*) AS domains
  FROM domain_extraction_features
 WHERE campaign_id = $1 AND processing_state = 'ready' AND analysis_version > 0 AND content_richness_score > $2;
