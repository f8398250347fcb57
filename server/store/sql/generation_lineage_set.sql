-- Where a campaign's domains come from. Offsets are null before the first domain.
-- $1 uuid campaign   $2 text config hash   $3 bigint first offset   $4 bigint last offset
UPDATE campaigns
   SET discovery_config_hash = $2, discovery_offset_start = $3, discovery_offset_end = $4, updated_at = now()
 WHERE id = $1;
