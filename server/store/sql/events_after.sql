-- Stored events of a campaign, in order.
-- $1 uuid campaign   $2 int after this number   $3 int at most
-- rows: event_number, sequence, type, phase, payload, created_at
SELECT event_number, sequence, type, phase, payload, created_at
  FROM campaign_events
 WHERE campaign_id = $1 AND event_number > $2
 ORDER BY event_number
 LIMIT $3;
