-- A page of keyword sets by name, without their rules.
-- $1 text workspace   $2 bool enabled or not (null: both)   $3 text after this name (null: from the start)
-- $4 uuid and this id   $5 int at most   $6 int rows to leave out
-- rows: the sets
SELECT s.id, s.name, s.description, s.is_enabled,
       (SELECT count(*) FROM keyword_rules r WHERE r.keyword_set_id = s.id) AS rule_count, s.created_at, s.updated_at
  FROM keyword_sets s
 WHERE s.workspace_id = $1
   AND ($2::boolean IS NULL OR s.is_enabled = $2::boolean)
   AND ($3::text IS NULL OR (s.name, s.id) > ($3::text, $4::uuid))
 ORDER BY s.name, s.id
 LIMIT $5::integer OFFSET $6::integer;
