-- Writes what the lookups of a batch found. Only rows still pending change, so doing it twice does no harm; a name
-- that does not resolve is decided at once. The rows are read in one walk over the range, and each finds its answer by
-- bisection of the offsets: a join with the answers has a plan that depends on the statistics of a table filled a second
-- ago, and a bad one compares every row with every answer. `given` makes arrays whose elements are found by position:
-- enums and names are of one size. They are read by subselects, each run once: joined, they would be copied for each row.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 bigint[] offsets, ascending
-- $5 text[] statuses   $6 text[] reasons (null when ok)   $7 text[] addresses (null when none)
-- row: ok integer, error integer, timeout integer (rows changed)
WITH given AS MATERIALIZED (
  SELECT $5::text[]::dns_status_enum[] AS statuses,
         ARRAY(SELECT coalesce(reason, '') FROM unnest($6::text[]) AS reason)::name[] AS reasons,
         ARRAY(SELECT coalesce(address, '') FROM unnest($7::text[]) AS address)::name[] AS addresses
), done AS (
  UPDATE domains d
     SET dns_status = (SELECT statuses FROM given)[width_bucket(d.offset_index, $4::bigint[])],
         dns_reason = nullif((SELECT reasons FROM given)[width_bucket(d.offset_index, $4::bigint[])], '')::text,
         dns_ip = nullif((SELECT addresses FROM given)[width_bucket(d.offset_index, $4::bigint[])], '')::text::inet,
         lead_status = CASE WHEN (SELECT statuses FROM given)[width_bucket(d.offset_index, $4::bigint[])] = 'ok'
                            THEN d.lead_status ELSE 'no_match' END,
         rejection_reason = CASE (SELECT statuses FROM given)[width_bucket(d.offset_index, $4::bigint[])]
                              WHEN 'error' THEN 'dns_error' WHEN 'timeout' THEN 'dns_timeout'
                              ELSE d.rejection_reason END,
         last_validated_at = now(), updated_at = now()
   WHERE d.campaign_id = $1 AND d.offset_index BETWEEN $2 AND $3 AND d.dns_status = 'pending'
     AND ($4::bigint[])[width_bucket(d.offset_index, $4::bigint[])] = d.offset_index
  RETURNING d.dns_status
)
SELECT (count(*) FILTER (WHERE dns_status = 'ok'))::integer AS ok,
       (count(*) FILTER (WHERE dns_status = 'error'))::integer AS error,
       (count(*) FILTER (WHERE dns_status = 'timeout'))::integer AS timeout
  FROM done;
