-- A page of personas by name.
-- $1 text workspace   $2 text type (null: any)   $3 bool enabled or not (null: both)
-- $4 text after this name (null: from the start)   $5 uuid and this id   $6 int at most   $7 int rows to leave out
-- rows: the personas
SELECT id, name, persona_type, description, is_enabled, config_details, created_at, updated_at
  FROM personas
 WHERE workspace_id = $1
   AND ($2::text IS NULL OR persona_type = $2::text::persona_type_enum)
   AND ($3::boolean IS NULL OR is_enabled = $3::boolean)
   AND ($4::text IS NULL OR (name, id) > ($4::text, $5::uuid))
 ORDER BY name, id
 LIMIT $6::integer OFFSET $7::integer;
