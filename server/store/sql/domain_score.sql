-- Writes scores into the domain rows and tells how many fetched domains have one for the first time. `old` is the same
-- row before the change; comparing it again keeps the answer right when somebody else changed the row meanwhile.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 bigint[] offsets   $5 double precision[] scores
-- row: scored integer, newly_analyzed integer
WITH done AS (
  UPDATE domains d
     SET domain_score = r.score, relevance_score = r.score, updated_at = now()
    FROM unnest($4::bigint[], $5::double precision[]) AS r (offset_index, score), domains old
   WHERE r.offset_index BETWEEN $2 AND $3 AND d.campaign_id = $1 AND d.offset_index = r.offset_index
     AND old.campaign_id = $1 AND old.offset_index = r.offset_index
     AND d.domain_score IS NOT DISTINCT FROM old.domain_score AND d.http_status = old.http_status
  RETURNING old.domain_score IS NULL AND old.http_status = 'ok' AS is_new
)
SELECT count(*)::integer AS scored, (count(*) FILTER (WHERE is_new))::integer AS newly_analyzed
  FROM done;
