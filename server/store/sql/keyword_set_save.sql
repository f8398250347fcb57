-- Writes what may change of a locked keyword set.
-- $1 uuid set   $2 text name   $3 text description   $4 bool enabled
UPDATE keyword_sets
   SET name = $2, description = $3, is_enabled = $4, updated_at = now()
 WHERE id = $1;
