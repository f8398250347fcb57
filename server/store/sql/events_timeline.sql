-- The newest transitions of a campaign, oldest first.
-- $1 uuid campaign   $2 int at most
-- rows: event_number, sequence, type, phase, payload, created_at
SELECT event_number, sequence, type, phase, payload, created_at
  FROM (SELECT event_number, sequence, type, phase, payload, created_at
          FROM campaign_events
         WHERE campaign_id = $1 AND sequence > 0
         ORDER BY event_number DESC
         LIMIT $2::integer) AS newest
 ORDER BY event_number;
