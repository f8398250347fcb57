-- What the finished pages of a batch are, of those that the newest transaction wrote.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset
-- row: parked, microcrawled
SELECT count(*) FILTER (WHERE is_parked) AS parked, count(*) FILTER (WHERE microcrawl_pages > 0) AS microcrawled
  FROM domain_extraction_features
 WHERE campaign_id = $1 AND domain_id BETWEEN $2 AND $3 AND processing_state = 'ready'
   AND updated_at = (SELECT max(m.updated_at)
                       FROM domain_extraction_features m
                      WHERE m.campaign_id = $1 AND m.domain_id BETWEEN $2 AND $3);
