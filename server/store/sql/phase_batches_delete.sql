-- Forgets the batches of earlier runs.
-- $1 uuid campaign   $2 text phase   $3 int run number that begins
DELETE FROM phase_batches
 WHERE campaign_id = $1 AND phase = $2::text::phase_enum AND run_number < $3;
