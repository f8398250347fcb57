-- Forgets events of a campaign: all but the newest $2 when they are older than $3, and in any case all but the newest $4.
-- $1 uuid campaign   $2 int keep   $3 bigint milliseconds   $4 int keep at most   $5 int at most so many at once
DELETE FROM campaign_events
 WHERE campaign_id = $1
   AND event_number IN (
         SELECT e.event_number
           FROM campaign_events e
           JOIN campaigns c ON c.id = e.campaign_id
          WHERE e.campaign_id = $1
            AND (e.event_number <= c.last_event - $4
                 OR (e.event_number <= c.last_event - $2
                     AND e.created_at < now() - $3::bigint * interval '1 millisecond'))
          ORDER BY e.event_number
          LIMIT $5);
