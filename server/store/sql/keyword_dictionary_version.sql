-- Which rules the installation has.
-- row: value bigint
SELECT value
  FROM installation_state
 WHERE key = 'keyword_dictionary_version';
