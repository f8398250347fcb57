-- The sites of a batch that are still to be fetched.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset
-- rows: offset_index bigint, domain_name text, dns_ip text (null when unknown)
SELECT offset_index, domain_name, host(dns_ip) AS dns_ip
  FROM domains
 WHERE campaign_id = $1 AND offset_index BETWEEN $2 AND $3 AND dns_status = 'ok' AND http_status = 'pending'
 ORDER BY offset_index;
