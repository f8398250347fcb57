-- How many of a workspace's keyword sets match.
-- $1 text workspace   $2 bool enabled or not (null: both)
-- row: count
SELECT count(*) AS count
  FROM keyword_sets
 WHERE workspace_id = $1
   AND ($2::boolean IS NULL OR is_enabled = $2::boolean);
