-- How far every campaign's events are, in the order of their ids: what the reader of all campaigns looks at once a
-- second. One row a campaign, however many domains it has.
-- $1 int at most
-- rows: id, workspace_id, last_event, is_running
SELECT id, workspace_id, last_event, status = 'running' AS is_running
  FROM campaigns
 ORDER BY id
 LIMIT $1;
