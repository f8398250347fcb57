-- The personas somebody is about to name in a configuration; they can't be deleted until the transaction ends.
-- $1 uuid[] personas   $2 text workspace
-- rows: id, persona_type, is_enabled of those that exist
SELECT id, persona_type, is_enabled
  FROM personas
 WHERE id = ANY ($1::uuid[]) AND workspace_id = $2
 ORDER BY id
   FOR KEY SHARE;
