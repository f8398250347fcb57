-- Gives a phase of a locked campaign a new run: earlier batches are fenced off by the run number.
-- $1 uuid campaign   $2 text phase   $3 int run number   $4 jsonb run context   $5 int batch size
UPDATE campaign_phases
   SET run_number = $3, run_context = $4::jsonb, batch_size = $5, cut_after = -1, cut_done = false, batch_count = 0,
       updated_at = now()
 WHERE campaign_id = $1 AND phase = $2::text::phase_enum;
