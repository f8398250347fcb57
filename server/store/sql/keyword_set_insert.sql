-- Stores a keyword set without its rules.
-- $1 uuid id   $2 text workspace   $3 text name   $4 text description   $5 bool enabled
-- row: created_at, updated_at
INSERT INTO keyword_sets (id, workspace_id, name, description, is_enabled)
VALUES ($1, $2, $3, $4, $5)
RETURNING created_at, updated_at;
