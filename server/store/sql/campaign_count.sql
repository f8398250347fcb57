-- How many of a workspace's campaigns match.
-- $1 text workspace   $2 text status (null: any)   $3 text part of the name, case ignored (null: any)
-- row: count
SELECT count(*) AS count
  FROM campaigns
 WHERE workspace_id = $1
   AND ($2::text IS NULL OR status = $2::text::campaign_status_enum)
   AND ($3::text IS NULL OR strpos(lower(name), lower($3::text)) > 0);
