-- Campaigns that keep more than so many of their newest events: what was pruned once is looked at again only when there
-- is more.
-- $1 int events
-- rows: id
SELECT c.id
  FROM campaigns c
 WHERE c.last_event > $1
   AND EXISTS (SELECT 1
                 FROM campaign_events e
                WHERE e.campaign_id = c.id AND e.event_number <= c.last_event - $1)
 ORDER BY c.id
 LIMIT 10000;
