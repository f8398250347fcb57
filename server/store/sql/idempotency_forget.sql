-- Removes an expired record, so that its key can be used again.
-- $1 uuid campaign   $2 text workspace   $3 text action   $4 text phase   $5 text key   $6 bigint kept for ms
DELETE FROM idempotency_records
 WHERE campaign_id = $1 AND workspace_id = $2 AND action = $3 AND phase = $4 AND key = $5
   AND created_at < clock_timestamp() - $6::bigint * interval '1 ms';
