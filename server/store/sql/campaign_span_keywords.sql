-- Between which offsets the keyword rows of a campaign are.
-- $1 uuid campaign
-- row: first, last bigint   (null: there are none)
SELECT min(domain_id) AS first, max(domain_id) AS last
  FROM domain_extracted_keywords
 WHERE campaign_id = $1;
