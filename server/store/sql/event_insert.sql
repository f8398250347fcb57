-- Stores events of a locked campaign, numbered by the caller from campaigns.last_event.
-- $1 uuid campaign   $2 int[] numbers   $3 int[] sequences   $4 text[] types   $5 text[] phases (null: none)
-- $6 jsonb[] payloads
INSERT INTO campaign_events (campaign_id, event_number, sequence, type, phase, payload)
SELECT $1, e.number, e.sequence, e.type, e.phase::phase_enum, e.payload
  FROM unnest($2::integer[], $3::integer[], $4::text[], $5::text[], $6::jsonb[])
       AS e (number, sequence, type, phase, payload);
