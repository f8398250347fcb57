-- The next run of domains a phase still has to do, in offset order.
-- $1 uuid campaign   $2 bigint after this offset   $3 integer at most so many   $4 text phase: dns, http or leads
-- row: first_offset bigint, last_offset bigint (null when there is none), domain_count integer, is_last boolean
WITH next AS (
  SELECT offset_index, row_number() OVER (ORDER BY offset_index) AS place
    FROM domains
   WHERE campaign_id = $1 AND offset_index > $2
     AND CASE $4::text
           WHEN 'dns'  THEN dns_status = 'pending'
           WHEN 'http' THEN dns_status = 'ok' AND http_status = 'pending'
           ELSE true
         END
   ORDER BY offset_index
   LIMIT $3::integer + 1
)
SELECT min(offset_index) FILTER (WHERE place <= $3) AS first_offset,
       max(offset_index) FILTER (WHERE place <= $3) AS last_offset,
       (count(*) FILTER (WHERE place <= $3))::integer AS domain_count,
       count(*) <= $3 AS is_last
  FROM next;
