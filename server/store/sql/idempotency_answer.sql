-- Stores the answer of the transaction that took the key.
-- $1 uuid campaign   $2 text workspace   $3 text action   $4 text phase   $5 text key   $6 int status code
-- $7 text reason   $8 text detail   $9 jsonb metadata   $10 bytea response (null on failure)
UPDATE idempotency_records
   SET status_code = $6, reason = $7, detail = $8, metadata = $9::jsonb, response = $10
 WHERE campaign_id = $1 AND workspace_id = $2 AND action = $3 AND phase = $4 AND key = $5;
