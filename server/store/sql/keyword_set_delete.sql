-- Removes a locked keyword set with its rules.
-- $1 uuid set
DELETE FROM keyword_sets
 WHERE id = $1;
