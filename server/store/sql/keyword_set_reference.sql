-- The sets somebody is about to name in a configuration; they can't be deleted until the transaction ends.
-- $1 uuid[] sets   $2 text workspace
-- rows: id, is_enabled, rule_count of those that exist
SELECT s.id, s.is_enabled, (SELECT count(*) FROM keyword_rules r WHERE r.keyword_set_id = s.id) AS rule_count
  FROM keyword_sets s
 WHERE s.id = ANY ($1::uuid[]) AND s.workspace_id = $2
 ORDER BY s.id
   FOR KEY SHARE;
