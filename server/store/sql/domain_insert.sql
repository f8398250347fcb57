-- New domains, all statuses pending. A name or offset the campaign already has is left alone and not counted.
-- $1 uuid campaign   $2 bigint[] offsets   $3 text[] names
INSERT INTO domains (campaign_id, offset_index, domain_name)
SELECT $1, r.offset_index, r.domain_name
  FROM unnest($2::bigint[], $3::text[]) AS r (offset_index, domain_name)
ON CONFLICT DO NOTHING;
