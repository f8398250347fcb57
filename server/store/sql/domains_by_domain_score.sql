-- A page of a campaign's domains, highest domain_score first, unscored last, ties by offset.
-- $1 uuid campaign   $2 text dns status   $3 text http status   $4 text lead status   $5 text[] rejection reasons (null:
-- any)   $6 bigint offset of the last row before (null: first page)   $7 double domain_score of that row (null: it had
-- none)   $8 int at most
SELECT d.offset_index, d.domain_name, d.dns_status, d.http_status, d.lead_status, d.rejection_reason, d.is_parked,
       d.http_status_code, d.parked_confidence, d.domain_score, d.lead_score, d.dns_reason, host(d.dns_ip) AS dns_ip,
       d.http_reason, d.http_title, d.http_keywords, d.created_at, f.content_richness_score, f.kw_unique_count,
       f.kw_total_occurrences
  FROM (SELECT offset_index, domain_name, dns_status, http_status, lead_status, rejection_reason, is_parked, http_status_code,
               parked_confidence, domain_score, lead_score, dns_reason, dns_ip, http_reason, http_title, http_keywords,
               created_at
          FROM domains
         WHERE campaign_id = $1
           AND ($2::text IS NULL OR dns_status = $2::text::dns_status_enum)
           AND ($3::text IS NULL OR http_status = $3::text::http_status_enum)
           AND ($4::text IS NULL OR lead_status = $4::text::lead_status_enum)
           AND ($5::text[] IS NULL OR rejection_reason = ANY ($5::text[]::rejection_reason_enum[]))
           AND ($6::bigint IS NULL
                OR ($7::double precision IS NULL AND domain_score IS NULL AND offset_index > $6)
                OR ($7::double precision IS NOT NULL
                    AND (domain_score < $7 OR (domain_score = $7 AND offset_index > $6) OR domain_score IS NULL)))
         ORDER BY domain_score DESC NULLS LAST, offset_index
         LIMIT $8::integer) d
  LEFT JOIN domain_extraction_features f
    ON f.campaign_id = $1 AND f.domain_id = d.offset_index AND f.processing_state = 'ready'
 ORDER BY d.domain_score DESC NULLS LAST, d.offset_index;
