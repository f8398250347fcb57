-- The highest offset handed out for a pattern. Only a hint: it may move at once.
-- $1 text config hash
-- row: last_offset bigint
SELECT last_offset
  FROM domain_generation_config_states
 WHERE config_hash = $1;
