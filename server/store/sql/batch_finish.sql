-- Marks a batch done, or open again for what is left, where the fencing token still matches; or keeps it ('claimed') with
-- a new lease. Whoever gives a batch back is alive: its claims no longer count as attempts that ended without a word.
-- $1 uuid campaign   $2 text phase   $3 int run number   $4 int batch number   $5 int token   $6 text new state
-- $7 int lease in ms, for a batch that is kept
-- row: batch_number   (no row: somebody else owns it now)
UPDATE phase_batches
   SET state = $6::text::batch_state_enum, updated_at = now(),
       owner = CASE WHEN $6 = 'claimed' THEN owner END,
       lease_until = CASE WHEN $6 = 'claimed' THEN clock_timestamp() + $7::integer * interval '1 ms' END,
       attempts = CASE WHEN $6 = 'open' THEN 0 ELSE attempts END
 WHERE campaign_id = $1 AND phase = $2::text::phase_enum AND run_number = $3 AND batch_number = $4 AND token = $5
   AND state = 'claimed'
RETURNING batch_number;
