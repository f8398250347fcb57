-- Forgets the batches of earlier runs. One that is just being committed waits for our campaign lock and will find itself
-- lost: waiting for it here would be a deadlock, so it is left to the next run.
-- $1 uuid campaign   $2 text phase   $3 int run number that begins
DELETE FROM phase_batches b
 USING (SELECT run_number, batch_number
          FROM phase_batches
         WHERE campaign_id = $1 AND phase = $2::text::phase_enum AND run_number < $3
           FOR UPDATE SKIP LOCKED) AS old
 WHERE b.campaign_id = $1 AND b.phase = $2::text::phase_enum AND b.run_number = old.run_number
   AND b.batch_number = old.batch_number;
