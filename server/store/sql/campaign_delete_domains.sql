-- Removes the domains of a campaign with offsets in a range.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset, inclusive
DELETE FROM domains
 WHERE campaign_id = $1 AND offset_index BETWEEN $2::bigint AND $3::bigint;
