-- Domains by their offsets, in the order given, with what was read from their pages. Each is one probe of each table,
-- whatever the statistics say: OFFSET 0 keeps the planner from reading a campaign instead.
-- $1 uuid campaign   $2 bigint[] offsets
-- rows: columns of feature rows are null when no page was read
SELECT d.offset_index, d.domain_name, d.dns_status, d.http_status, d.lead_status, d.rejection_reason, d.is_parked,
       d.http_status_code, d.parked_confidence, d.domain_score, d.lead_score, d.dns_reason, host(d.dns_ip) AS dns_ip,
       d.http_reason, d.http_title, d.http_keywords, d.created_at,
       f.content_richness_score, f.stuffing_penalty, f.repetition_index, f.anchor_share, f.kw_unique_count,
       f.kw_total_occurrences, f.kw_weight_sum, f.kw_signal_distribution, f.microcrawl_gain_ratio, f.microcrawl_pages,
       f.is_stale_score,
       v.richness_weights_version, v.prominence_norm, v.diversity_norm, v.diversity_effective_unique, v.enrichment_norm,
       v.applied_bonus, v.applied_deductions_total,
       array_remove(ARRAY[d.http_keywords -> 0 ->> 'surface_form', d.http_keywords -> 1 ->> 'surface_form',
                          d.http_keywords -> 2 ->> 'surface_form'], NULL) AS top_keywords
  FROM unnest($2::bigint[]) WITH ORDINALITY AS o (offset_index, place)
 CROSS JOIN LATERAL (
         SELECT offset_index, domain_name, dns_status, http_status, lead_status, rejection_reason, is_parked,
                http_status_code, parked_confidence, domain_score, lead_score, dns_reason, dns_ip, http_reason,
                http_title, http_keywords, created_at
           FROM domains
          WHERE campaign_id = $1 AND offset_index = o.offset_index
         OFFSET 0) AS d
  LEFT JOIN LATERAL (
         SELECT content_richness_score, stuffing_penalty, repetition_index, anchor_share, kw_unique_count,
                kw_total_occurrences, kw_weight_sum, kw_signal_distribution, microcrawl_gain_ratio, microcrawl_pages,
                is_stale_score, feature_vector
           FROM domain_extraction_features
          WHERE campaign_id = $1 AND domain_id = o.offset_index AND processing_state IN ('ready', 'stale')
            AND d.http_status = 'ok'
         OFFSET 0) AS f ON true
  LEFT JOIN LATERAL jsonb_to_record(f.feature_vector) AS v (
         richness_weights_version double precision, prominence_norm double precision, diversity_norm double precision,
         diversity_effective_unique double precision, enrichment_norm double precision, applied_bonus double precision,
         applied_deductions_total double precision) ON true
 ORDER BY o.place;
