-- Removes a locked persona.
-- $1 uuid persona
DELETE FROM personas
 WHERE id = $1;
