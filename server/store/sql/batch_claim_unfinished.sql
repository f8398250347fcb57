-- Claims a batch of a run that is open or whose lease ran out (by the database's clock), while the run is in progress: a
-- worker that has not yet heard of a pause or a stop gets nothing.
-- $1 uuid campaign   $2 text phase   $3 int run number   $4 uuid owner   $5 int lease in ms
-- row: the batch   (no row: nothing to claim)
UPDATE phase_batches b
   SET state = 'claimed', owner = $4, token = b.token + 1, attempts = b.attempts + 1,
       lease_until = clock_timestamp() + $5::integer * interval '1 ms', updated_at = now()
 WHERE b.campaign_id = $1 AND b.phase = $2::text::phase_enum AND b.run_number = $3
   AND b.batch_number = (SELECT u.batch_number
                           FROM phase_batches u
                          WHERE u.campaign_id = $1 AND u.phase = $2::text::phase_enum AND u.run_number = $3
                            AND (u.state = 'open' OR (u.state = 'claimed' AND u.lease_until < clock_timestamp()))
                            AND EXISTS (SELECT 1
                                          FROM campaign_phases p
                                         WHERE p.campaign_id = $1 AND p.phase = $2::text::phase_enum
                                           AND p.run_number = $3 AND p.status = 'in_progress')
                          ORDER BY u.batch_number
                          LIMIT 1
                            FOR UPDATE SKIP LOCKED)
RETURNING b.batch_number, b.first_offset, b.last_offset, b.domain_count, b.token, b.attempts;
