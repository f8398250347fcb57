-- A new batch, claimed by whoever cut it.
-- $1 uuid campaign   $2 text phase   $3 int run number   $4 int batch number   $5 bigint first offset
-- $6 bigint last offset   $7 int domains   $8 uuid owner   $9 int lease in ms
INSERT INTO phase_batches (campaign_id, phase, run_number, batch_number, first_offset, last_offset, domain_count, state,
                           owner, token, lease_until, attempts)
VALUES ($1, $2::text::phase_enum, $3, $4, $5, $6, $7, 'claimed', $8, 1,
        clock_timestamp() + $9::integer * interval '1 ms', 1);
