-- How many domains of a campaign have finished features, and how many failed to get them.
-- $1 uuid campaign
-- row: ready integer, error integer
SELECT (count(*) FILTER (WHERE processing_state = 'ready'))::integer AS ready,
       (count(*) FILTER (WHERE processing_state = 'error'))::integer AS error
  FROM domain_extraction_features
 WHERE campaign_id = $1;
