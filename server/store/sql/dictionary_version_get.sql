-- The version of the installation's keyword rules.
-- row: version integer
SELECT value::integer AS version
  FROM installation_state
 WHERE key = 'keyword_dictionary_version';
