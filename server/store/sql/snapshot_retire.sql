-- Retires a campaign's active snapshot in favour of another.
-- $1 uuid campaign   $2 uuid the snapshot that takes over
UPDATE scoring_profile_snapshots
   SET is_active = false, replaced_at = now(), replaced_by_snapshot_id = $2
 WHERE campaign_id = $1 AND is_active AND id <> $2;
