-- Removes a campaign; everything but its domains, features and keywords goes with it.
-- $1 uuid campaign   $2 text workspace
DELETE FROM campaigns
 WHERE id = $1 AND workspace_id = $2;
