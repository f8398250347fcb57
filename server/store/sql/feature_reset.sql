-- Before every page of a campaign is fetched again: finished rows become stale, the others wait anew.
-- $1 uuid campaign
UPDATE domain_extraction_features
   SET processing_state = CASE WHEN processing_state IN ('ready', 'stale')
                               THEN 'stale' ELSE 'pending' END::extraction_processing_state_enum,
       attempt_count = 0, next_attempt_at = NULL, updated_at = now()
 WHERE campaign_id = $1;
