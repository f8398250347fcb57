-- Removes expired records, a bounded number at a time.
-- $1 bigint kept for ms
DELETE FROM idempotency_records
 WHERE ctid = ANY (ARRAY(SELECT ctid
                           FROM idempotency_records
                          WHERE created_at < clock_timestamp() - $1::bigint * interval '1 ms'
                          LIMIT 10000));
