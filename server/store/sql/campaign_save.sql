-- Writes the state part of a locked campaign.
-- $1 uuid campaign   $2 text status   $3 text mode   $4 text error message   $5 bool restart_running
-- $6 int last_sequence   $7 int last_event   $8 timestamptz started_at   $9 timestamptz completed_at
UPDATE campaigns
   SET status = $2::text::campaign_status_enum, mode = $3::text::campaign_mode_enum, error_message = $4,
       restart_running = $5, last_sequence = $6, last_event = $7, started_at = $8, completed_at = $9,
       version = version + 1, updated_at = now()
 WHERE id = $1;
