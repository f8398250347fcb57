-- Locks the place of a run so that the next batch can be cut.
-- $1 uuid campaign   $2 text phase   $3 int run number
-- row: cut_after, cut_done, batch_size, batch_count   (no row: not in progress, or another run)
SELECT cut_after, cut_done, batch_size, batch_count
  FROM campaign_phases
 WHERE campaign_id = $1 AND phase = $2::text::phase_enum AND run_number = $3 AND status = 'in_progress'
   FOR NO KEY UPDATE;
