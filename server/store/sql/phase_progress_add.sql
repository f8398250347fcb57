-- Adds a batch's result to the progress of its run; the campaign is locked.
-- $1 uuid campaign   $2 text phase   $3 int run number   $4 int processed   $5 int successful   $6 int failed
-- $7 int change of the total   $8 bool no more batches will be cut
-- row: cut_done bool   (no row: another run began)
UPDATE campaign_phases
   SET processed_items = processed_items + $4, successful_items = successful_items + $5,
       failed_items = failed_items + $6, total_items = total_items + $7, cut_done = cut_done OR $8, updated_at = now()
 WHERE campaign_id = $1 AND phase = $2::text::phase_enum AND run_number = $3
RETURNING cut_done;
