-- One keyword set, locked against change and against new references to it (keyword_set_reference.sql).
-- $1 uuid set   $2 text workspace
-- row: id   (no row: unknown there)
SELECT id
  FROM keyword_sets
 WHERE id = $1 AND workspace_id = $2
   FOR UPDATE;
