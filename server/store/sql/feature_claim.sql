-- The feature rows of a batch enter `building` and count the attempt; new ones are made.
-- $1 uuid campaign   $2 bigint[] offsets   $3 text[] names
INSERT INTO domain_extraction_features AS f (campaign_id, domain_id, domain_name, processing_state, attempt_count)
SELECT $1, r.domain_id, r.domain_name, 'building', 1
  FROM unnest($2::bigint[], $3::text[]) AS r (domain_id, domain_name)
ON CONFLICT (campaign_id, domain_id) DO UPDATE
   SET processing_state = 'building', attempt_count = f.attempt_count + 1, next_attempt_at = NULL, updated_at = now();
