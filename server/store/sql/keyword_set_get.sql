-- One keyword set and the number of its rules.
-- $1 uuid set   $2 text workspace (null: any)
-- row: the set   (no row: unknown there)
SELECT s.id, s.name, s.description, s.is_enabled,
       (SELECT count(*) FROM keyword_rules r WHERE r.keyword_set_id = s.id) AS rule_count, s.created_at, s.updated_at
  FROM keyword_sets s
 WHERE s.id = $1 AND ($2::text IS NULL OR s.workspace_id = $2);
