-- Where a name stands in a campaign.
-- $1 uuid campaign   $2 text name
-- row: offset_index bigint (none when the campaign has no such domain)
SELECT offset_index FROM domains WHERE campaign_id = $1 AND domain_name = $2;
