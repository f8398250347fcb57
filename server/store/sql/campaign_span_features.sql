-- Between which offsets the feature rows of a campaign are.
-- $1 uuid campaign
-- row: first, last bigint   (null: there are none)
SELECT min(domain_id) AS first, max(domain_id) AS last
  FROM domain_extraction_features
 WHERE campaign_id = $1;
