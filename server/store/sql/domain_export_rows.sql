-- What an export says of domains, by their offsets, in the order given; each is one probe of each table (domain_rows.sql
-- says why).
-- $1 uuid campaign   $2 bigint[] offsets
SELECT d.domain_name, d.dns_status, d.http_status, d.lead_status, d.rejection_reason, d.domain_score, d.http_title,
       array_remove(ARRAY[d.http_keywords -> 0 ->> 'surface_form', d.http_keywords -> 1 ->> 'surface_form',
                          d.http_keywords -> 2 ->> 'surface_form'], NULL) AS top_keywords,
       f.content_richness_score, f.kw_unique_count
  FROM unnest($2::bigint[]) WITH ORDINALITY AS o (offset_index, place)
 CROSS JOIN LATERAL (
         SELECT domain_name, dns_status, http_status, lead_status, rejection_reason, domain_score, http_title,
                http_keywords
           FROM domains
          WHERE campaign_id = $1 AND offset_index = o.offset_index
         OFFSET 0) AS d
  LEFT JOIN LATERAL (
         SELECT content_richness_score, kw_unique_count
           FROM domain_extraction_features
          WHERE campaign_id = $1 AND domain_id = o.offset_index AND processing_state IN ('ready', 'stale')
            AND d.http_status = 'ok'
         OFFSET 0) AS f ON true
 ORDER BY o.place;
