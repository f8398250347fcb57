-- How many of a workspace's personas match.
-- $1 text workspace   $2 text type (null: any)   $3 bool enabled or not (null: both)
-- row: count
SELECT count(*) AS count
  FROM personas
 WHERE workspace_id = $1
   AND ($2::text IS NULL OR persona_type = $2::text::persona_type_enum)
   AND ($3::boolean IS NULL OR is_enabled = $3::boolean);
