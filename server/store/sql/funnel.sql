-- How many domains of a campaign got how far, in one round trip: the counters, and the scored sites above a richness.
-- The upper bound changes nothing but the planner's guess: of a range it expects few rows, whatever $3 is, so that a
-- prepared plan uses the index; of an open one a third, so that it would plan anew each time or read the whole table.
-- $1 uuid campaign   $2 text workspace   $3 double richness
-- row   (no row: unknown there)
SELECT c.total_domains, c.dns_ok, c.http_ok, c.keyword_hits, c.analyzed, c.lead_match,
       (SELECT count(*)
          FROM domain_extraction_features f
         WHERE f.campaign_id = $1 AND f.processing_state = 'ready' AND f.analysis_version > 0
           AND f.content_richness_score > $3 AND f.content_richness_score <= 'Infinity')::integer AS high_potential
  FROM campaigns g
  JOIN campaign_counters c ON c.campaign_id = g.id
 WHERE g.id = $1 AND g.workspace_id = $2;
