-- A page of personas by name.
-- $1 text workspace   $2 text type (null: any)   $3 bool only enabled   $4 text after this name (null: from the start)
-- $5 uuid and this id   $6 int at most
-- rows: the personas
SELECT id, name, persona_type, description, is_enabled, config_details, created_at, updated_at
  FROM personas
 WHERE workspace_id = $1
   AND ($2::text IS NULL OR persona_type = $2::text::persona_type_enum)
   AND (NOT $3::boolean OR is_enabled)
   AND ($4::text IS NULL OR (name, id) > ($4::text, $5::uuid))
 ORDER BY name, id
 LIMIT $6::integer;
