-- Whether a run still has batches that are not done.
-- $1 uuid campaign   $2 text phase   $3 int run number
-- row: any bool
SELECT EXISTS (SELECT 1
                 FROM phase_batches
                WHERE campaign_id = $1 AND phase = $2::text::phase_enum AND run_number = $3 AND state <> 'done') AS any;
