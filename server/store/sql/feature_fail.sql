-- Feature rows being built (or taken for stuck meanwhile: pending) end in error, due again after base × 2^(attempt − 1), at most cap.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 bigint[] offsets   $5 text[] http statuses
-- $6 integer[] status codes   $7 text[] errors   $8 bigint backoff base ms   $9 bigint backoff cap ms
UPDATE domain_extraction_features f
   SET processing_state = 'error', last_error = r.error, http_status = r.http_status, http_status_code = r.code,
       next_attempt_at = now() + least($8::bigint * 2.0 ^ least(f.attempt_count - 1, 30), $9::bigint)
                                 * interval '1 millisecond',
       updated_at = now()
  FROM unnest($4::bigint[], $5::text[], $6::integer[], $7::text[]) AS r (domain_id, http_status, code, error)
 WHERE f.campaign_id = $1 AND f.domain_id BETWEEN $2 AND $3 AND f.domain_id = r.domain_id
   AND f.processing_state IN ('building', 'pending');
