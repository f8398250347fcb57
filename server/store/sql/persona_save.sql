-- Writes what may change of a locked persona.
-- $1 uuid persona   $2 text name   $3 text description   $4 bool enabled   $5 jsonb config details
-- row: updated_at
UPDATE personas
   SET name = $2, description = $3, is_enabled = $4, config_details = $5, updated_at = now()
 WHERE id = $1
RETURNING updated_at;
