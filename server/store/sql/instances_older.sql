-- Instances that began before a given one, with the same role, and may still live.
-- $1 text role   $2 uuid the given one   $3 int age in ms at which an instance counts as dead
-- $4 int age in ms at which an instance has found its place
-- row: live bigint, settled bigint (of those, that were long there and gave a sign after the given one began)
SELECT count(*) AS live,
       count(*) FILTER (WHERE o.heartbeat_at > me.started_at
                          AND o.started_at < now() - $4::integer * interval '1 ms') AS settled
  FROM instances o
  JOIN instances me ON me.id = $2
 WHERE $1 = ANY (string_to_array(o.roles, ',')) AND (o.started_at, o.id) < (me.started_at, me.id)
   AND o.heartbeat_at > now() - $3::integer * interval '1 ms';
