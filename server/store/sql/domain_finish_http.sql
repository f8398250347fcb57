-- Writes what the fetches of a batch found. Only rows still pending change.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset
-- $4 bigint[] offsets   $5 text[] statuses   $6 integer[] status codes (null when no answer)   $7 text[] reasons
-- $8 text[] titles   $9 jsonb[] top keywords   $10 boolean[] parked   $11 double precision[] parked confidence
-- $12 boolean[] has keywords
-- row: ok integer, error integer, timeout integer, keyword_hits integer (rows changed)
WITH done AS (
  UPDATE domains d
     SET http_status = r.status::http_status_enum,
         http_status_code = r.code::smallint,
         http_reason = r.reason,
         http_title = r.title,
         http_keywords = r.keywords,
         is_parked = r.is_parked,
         parked_confidence = r.confidence,
         rejection_reason = CASE r.status WHEN 'error' THEN 'http_error' WHEN 'timeout' THEN 'http_timeout'
                                          ELSE d.rejection_reason END,
         last_http_fetched_at = now(), updated_at = now()
    FROM unnest($4::bigint[], $5::text[], $6::integer[], $7::text[], $8::text[], $9::jsonb[], $10::boolean[],
                $11::double precision[], $12::boolean[])
         AS r (offset_index, status, code, reason, title, keywords, is_parked, confidence, has_keywords)
   WHERE d.campaign_id = $1 AND d.offset_index BETWEEN $2 AND $3 AND d.offset_index = r.offset_index
     AND d.http_status = 'pending'
  RETURNING d.http_status, r.has_keywords
)
SELECT (count(*) FILTER (WHERE http_status = 'ok'))::integer AS ok,
       (count(*) FILTER (WHERE http_status = 'error'))::integer AS error,
       (count(*) FILTER (WHERE http_status = 'timeout'))::integer AS timeout,
       (count(*) FILTER (WHERE http_status = 'ok' AND has_keywords))::integer AS keyword_hits
  FROM done;
