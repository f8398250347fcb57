-- Remembers how far a run is cut; the row is locked.
-- $1 uuid campaign   $2 text phase   $3 bigint cut_after   $4 bool cut_done   $5 int batch_count
UPDATE campaign_phases
   SET cut_after = $3, cut_done = $4, batch_count = $5
 WHERE campaign_id = $1 AND phase = $2::text::phase_enum;
