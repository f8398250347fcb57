-- Renews leases by the database's clock, where the tokens still match. A row that is locked is being committed or taken over
-- at this moment: waiting for it would let the other leases run out.
-- $1 uuid campaign   $2 text phase   $3 int run number   $4 int[] batch numbers   $5 int[] tokens   $6 int lease in ms
-- rows: batch_number of those that are still ours
UPDATE phase_batches b
   SET lease_until = clock_timestamp() + $6::integer * interval '1 ms'
  FROM (SELECT p.batch_number
          FROM phase_batches p
          JOIN unnest($4::integer[], $5::integer[]) AS mine (batch_number, token)
            ON mine.batch_number = p.batch_number AND mine.token = p.token
         WHERE p.campaign_id = $1 AND p.phase = $2::text::phase_enum AND p.run_number = $3 AND p.state = 'claimed'
           FOR NO KEY UPDATE OF p SKIP LOCKED) AS ours
 WHERE b.campaign_id = $1 AND b.phase = $2::text::phase_enum AND b.run_number = $3 AND b.batch_number = ours.batch_number
RETURNING b.batch_number;
