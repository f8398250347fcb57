-- The rules of some keyword sets, in their order.
-- $1 uuid[] sets   $2 bool only of enabled sets
-- rows: the rules
SELECT r.id, r.keyword_set_id, r.position, r.pattern, r.rule_type, r.is_case_sensitive, r.category, r.context_chars, r.weight,
       r.created_at, r.updated_at
  FROM keyword_rules r
  JOIN keyword_sets s ON s.id = r.keyword_set_id
 WHERE r.keyword_set_id = ANY ($1::uuid[]) AND (NOT $2::boolean OR s.is_enabled)
 ORDER BY r.keyword_set_id, r.position, r.id;
