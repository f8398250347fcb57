-- An instance leaves; long dead ones go with it.
-- $1 uuid id
DELETE FROM instances
 WHERE id = $1 OR heartbeat_at < now() - interval '1 day';
