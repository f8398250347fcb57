-- The rules of the installation are others than before.
-- row: value bigint, the new version
UPDATE installation_state
   SET value = value + 1
 WHERE key = 'keyword_dictionary_version'
RETURNING value;
