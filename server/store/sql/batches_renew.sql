-- Renews leases by the database's clock, where the tokens still match.
-- $1 uuid campaign   $2 text phase   $3 int run number   $4 int[] batch numbers   $5 int[] tokens   $6 int lease in ms
-- rows: batch_number of those that are still ours
UPDATE phase_batches b
   SET lease_until = clock_timestamp() + $6::integer * interval '1 ms'
  FROM unnest($4::integer[], $5::integer[]) AS mine (batch_number, token)
 WHERE b.campaign_id = $1 AND b.phase = $2::text::phase_enum AND b.run_number = $3
   AND b.batch_number = mine.batch_number AND b.token = mine.token AND b.state = 'claimed'
RETURNING b.batch_number;
