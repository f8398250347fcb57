-- Name and description of a locked campaign.
-- $1 uuid campaign   $2 text name   $3 text description
UPDATE campaigns
   SET name = $2, description = $3, version = version + 1, updated_at = now()
 WHERE id = $1;
