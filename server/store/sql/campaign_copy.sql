-- A new draft with the configuration, mode and scoring profile of another campaign.
-- $1 uuid original   $2 uuid id of the copy   $3 text user   $4 text name
INSERT INTO campaigns (id, workspace_id, user_id, name, description, mode, configuration, scoring_profile_id,
                       duplicated_from)
SELECT $2, workspace_id, $3, $4, description, mode, configuration, scoring_profile_id, id
  FROM campaigns
 WHERE id = $1;
