-- Makes sure the offset state of a pattern exists. -1: no offset handed out yet.
-- $1 text config hash   $2 jsonb what was hashed
INSERT INTO domain_generation_config_states (config_hash, last_offset, config_details)
VALUES ($1, -1, $2)
ON CONFLICT (config_hash) DO NOTHING;
