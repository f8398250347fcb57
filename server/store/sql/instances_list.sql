-- The instances of the installation, the one heard of last first.
-- $1 int age in ms at which an instance counts as dead   $2 int at most
-- rows: the instances
SELECT id, string_to_array(roles, ',') AS roles, address, version, started_at, heartbeat_at,
       heartbeat_at > now() - $1::integer * interval '1 ms' AS is_alive
  FROM instances
 ORDER BY heartbeat_at DESC, id DESC
 LIMIT $2::integer;
