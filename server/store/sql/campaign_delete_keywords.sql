-- Removes the keyword rows of a campaign with offsets in a range.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset, inclusive
DELETE FROM domain_extracted_keywords
 WHERE campaign_id = $1 AND domain_id BETWEEN $2::bigint AND $3::bigint;
