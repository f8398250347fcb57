-- Writes scores into the domain rows and tells how many fetched domains have one for the first time. The two halves change
-- disjoint rows, so their counts are exact whoever else is writing; a score that is there already is not written again.
-- The rows are read in one walk over the range, and each finds its score by bisection of the offsets: half the price of
-- looking up every offset.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 bigint[] offsets, ascending   $5 double
-- precision[] scores
-- row: scored integer (rows changed), newly_analyzed integer
WITH first AS (
  UPDATE domains d
     SET domain_score = ($5::double precision[])[width_bucket(d.offset_index, $4::bigint[])],
         relevance_score = ($5::double precision[])[width_bucket(d.offset_index, $4::bigint[])], updated_at = now()
   WHERE d.campaign_id = $1 AND d.offset_index BETWEEN $2 AND $3
     AND ($4::bigint[])[width_bucket(d.offset_index, $4::bigint[])] = d.offset_index
     AND d.domain_score IS NULL AND d.http_status = 'ok'
  RETURNING 1
), again AS (
  UPDATE domains d
     SET domain_score = ($5::double precision[])[width_bucket(d.offset_index, $4::bigint[])],
         relevance_score = ($5::double precision[])[width_bucket(d.offset_index, $4::bigint[])], updated_at = now()
   WHERE d.campaign_id = $1 AND d.offset_index BETWEEN $2 AND $3
     AND ($4::bigint[])[width_bucket(d.offset_index, $4::bigint[])] = d.offset_index
     AND (d.domain_score IS NOT NULL OR d.http_status <> 'ok')
     AND d.domain_score IS DISTINCT FROM ($5::double precision[])[width_bucket(d.offset_index, $4::bigint[])]
  RETURNING 1
)
SELECT ((SELECT count(*) FROM first) + (SELECT count(*) FROM again))::integer AS scored,
       (SELECT count(*) FROM first)::integer AS newly_analyzed;
