-- What database this is, and the schema in it.
-- row: version text, now timestamptz, schema_version bigint or null (never migrated), is_dirty boolean or null
SELECT split_part(current_setting('server_version'), ' ', 1) AS version, clock_timestamp() AS now,
       (SELECT max(version) FROM schema_migrations) AS schema_version,
       (SELECT bool_or(dirty) FROM schema_migrations) AS is_dirty;
