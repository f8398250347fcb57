-- An instance says that it lives.
-- $1 uuid id   $2 text roles   $3 text address   $4 text version
INSERT INTO instances (id, roles, address, version)
VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = now();
