-- Removes the rules of a set that are not among those to keep.
-- $1 uuid set   $2 uuid[] rules that stay
DELETE FROM keyword_rules
 WHERE keyword_set_id = $1 AND NOT id = ANY ($2::uuid[]);
