-- The names of a batch that are still to be looked up.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset
-- rows: offset_index bigint, domain_name text
SELECT offset_index, domain_name
  FROM domains
 WHERE campaign_id = $1 AND offset_index BETWEEN $2 AND $3 AND dns_status = 'pending'
 ORDER BY offset_index;
