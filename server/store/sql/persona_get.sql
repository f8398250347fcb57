-- One persona.
-- $1 uuid persona   $2 text workspace (null: any)
-- row: the persona   (no row: unknown there)
SELECT id, name, persona_type, description, is_enabled, config_details, created_at, updated_at
  FROM personas
 WHERE id = $1 AND ($2::text IS NULL OR workspace_id = $2);
