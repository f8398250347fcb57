-- Writes what the lookups of a batch found. Only rows still pending change, so doing it twice does no harm; a name
-- that does not resolve is decided at once. The range says nothing new about the offsets; it makes the planner expect
-- few of them, so that it looks each up by key whatever the statistics of the table say.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset
-- $4 bigint[] offsets   $5 text[] statuses   $6 text[] reasons (null when ok)   $7 text[] addresses (null when none)
-- row: ok integer, error integer, timeout integer (rows changed)
WITH done AS (
  UPDATE domains d
     SET dns_status = r.status::dns_status_enum,
         dns_reason = r.reason,
         dns_ip = r.address::inet,
         lead_status = CASE WHEN r.status = 'ok' THEN d.lead_status ELSE 'no_match' END,
         rejection_reason = CASE r.status WHEN 'error' THEN 'dns_error' WHEN 'timeout' THEN 'dns_timeout'
                                          ELSE d.rejection_reason END,
         last_validated_at = now(), updated_at = now()
    FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[]) AS r (offset_index, status, reason, address)
   WHERE r.offset_index BETWEEN $2 AND $3 AND d.campaign_id = $1 AND d.offset_index = r.offset_index
     AND d.dns_status = 'pending'
  RETURNING d.dns_status
)
SELECT (count(*) FILTER (WHERE dns_status = 'ok'))::integer AS ok,
       (count(*) FILTER (WHERE dns_status = 'error'))::integer AS error,
       (count(*) FILTER (WHERE dns_status = 'timeout'))::integer AS timeout
  FROM done;
