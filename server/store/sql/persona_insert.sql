-- Stores a persona.
-- $1 uuid id   $2 text workspace   $3 text name   $4 text type   $5 text description   $6 bool enabled
-- $7 jsonb config details
-- row: created_at, updated_at
INSERT INTO personas (id, workspace_id, name, persona_type, description, is_enabled, config_details)
VALUES ($1, $2, $3, $4::text::persona_type_enum, $5, $6, $7)
RETURNING created_at, updated_at;
