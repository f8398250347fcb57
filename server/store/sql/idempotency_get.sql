-- The stored answer.
-- $1 uuid campaign   $2 text workspace   $3 text action   $4 text phase   $5 text key
-- row: request_hash, status_code, reason, detail, metadata, response
SELECT request_hash, status_code, reason, detail, metadata, response
  FROM idempotency_records
 WHERE campaign_id = $1 AND workspace_id = $2 AND action = $3 AND phase = $4 AND key = $5;
