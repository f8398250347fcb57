-- Writes rules of a set, new ones and kept ones.
-- $1 uuid set   $2 uuid[] ids   $3 text[] patterns   $4 text[] types   $5 bool[] case sensitive   $6 text[] categories
-- $7 int[] context chars   $8 float8[] weights
INSERT INTO keyword_rules (keyword_set_id, id, position, pattern, rule_type, is_case_sensitive, category, context_chars,
                           weight)
SELECT $1, n.id, n.position, n.pattern, n.rule_type::rule_type_enum, n.is_case_sensitive, n.category, n.context_chars,
       n.weight
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::integer[], $8::float8[])
       WITH ORDINALITY AS n (id, pattern, rule_type, is_case_sensitive, category, context_chars, weight, position)
    ON CONFLICT (keyword_set_id, id) DO UPDATE
   SET position = excluded.position, is_case_sensitive = excluded.is_case_sensitive, category = excluded.category,
       context_chars = excluded.context_chars, weight = excluded.weight, updated_at = now();
