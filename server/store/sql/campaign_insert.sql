-- A new campaign, as a draft.
-- $1 uuid id   $2 text workspace   $3 text user   $4 text name   $5 text description   $6 text mode
-- $7 jsonb configuration   $8 uuid scoring profile (null: none)
INSERT INTO campaigns (id, workspace_id, user_id, name, description, mode, configuration, scoring_profile_id)
VALUES ($1, $2, $3, $4, $5, $6::text::campaign_mode_enum, $7, $8);
