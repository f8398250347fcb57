-- How many rules of a workspace's keyword sets match.
-- $1 text workspace   $2 uuid set (null: all)   $3 text type (null: any)   $4 text category, case ignored (null: any)
-- $5 bool case-sensitive or not (null: both)   $6 text part of the pattern, case ignored (null: any)
-- row: count
SELECT count(*) AS count
  FROM keyword_rules r
  JOIN keyword_sets s ON s.id = r.keyword_set_id
 WHERE s.workspace_id = $1
   AND ($2::uuid IS NULL OR r.keyword_set_id = $2::uuid)
   AND ($3::text IS NULL OR r.rule_type = $3::text::rule_type_enum)
   AND ($4::text IS NULL OR lower(r.category) = lower($4::text))
   AND ($5::boolean IS NULL OR r.is_case_sensitive = $5::boolean)
   AND ($6::text IS NULL OR strpos(lower(r.pattern), lower($6::text)) > 0);
