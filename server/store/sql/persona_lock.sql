-- One persona, locked against change and against new references to it (persona_reference.sql) until the transaction ends.
-- $1 uuid persona   $2 text workspace
-- row: the persona   (no row: unknown there)
SELECT id, name, persona_type, description, is_enabled, config_details, created_at, updated_at
  FROM personas
 WHERE id = $1 AND workspace_id = $2
   FOR UPDATE;
