-- Records the highest offset handed out for a pattern; the state only moves forward.
-- $1 text config hash   $2 bigint offset
UPDATE domain_generation_config_states
   SET last_offset = $2, updated_at = now()
 WHERE config_hash = $1 AND last_offset < $2;
