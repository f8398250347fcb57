-- Takes a key; waits while another transaction holds it. Touches one row when it was free, none when it was taken.
-- $1 uuid campaign   $2 text workspace   $3 text action   $4 text phase   $5 text key   $6 text request hash
INSERT INTO idempotency_records (campaign_id, workspace_id, action, phase, key, request_hash)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;
