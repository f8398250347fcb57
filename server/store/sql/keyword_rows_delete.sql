-- Removes the keyword rows of some domains.
-- $1 uuid campaign   $2 bigint[] offsets
DELETE FROM domain_extracted_keywords
 WHERE campaign_id = $1 AND domain_id = ANY ($2::bigint[]);
