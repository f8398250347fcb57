-- Campaigns that stored more than so many events.
-- $1 int events
-- rows: id
SELECT id
  FROM campaigns
 WHERE last_event > $1
 ORDER BY id
 LIMIT 10000;
