-- How many instances with a role live, a given one not counted.
-- $1 text role   $2 uuid not this one   $3 int age in ms at which an instance counts as dead
-- row: live bigint
SELECT count(*) AS live
  FROM instances
 WHERE $1 = ANY (string_to_array(roles, ',')) AND id <> $2 AND heartbeat_at > now() - $3::integer * interval '1 ms';
