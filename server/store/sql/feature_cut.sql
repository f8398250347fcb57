-- The next run of finished feature rows, in offset order.
-- $1 uuid campaign   $2 bigint after this offset   $3 integer at most so many
-- row: first_offset bigint, last_offset bigint (null when there is none), domain_count integer, is_last boolean
WITH next AS (
  SELECT domain_id, row_number() OVER (ORDER BY domain_id) AS place
    FROM domain_extraction_features
   WHERE campaign_id = $1 AND domain_id > $2 AND processing_state = 'ready'
   ORDER BY domain_id
   LIMIT $3::integer + 1
)
SELECT min(domain_id) FILTER (WHERE place <= $3) AS first_offset,
       max(domain_id) FILTER (WHERE place <= $3) AS last_offset,
       (count(*) FILTER (WHERE place <= $3))::integer AS domain_count,
       count(*) <= $3 AS is_last
  FROM next;
