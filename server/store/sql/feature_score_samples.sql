-- Some scored domains of a campaign, with what their scores were made of: the first so many.
-- $1 uuid campaign   $2 int at most
-- rows in offset order
SELECT f.domain_id, d.domain_name, d.domain_score, f.kw_unique_count, f.kw_total_occurrences, f.content_bytes,
       f.title_has_keyword, f.is_parked, f.parked_confidence, f.fetched_at, f.kw_weight_sum, f.h1_count,
       f.link_internal_count, f.link_external_count, f.page_lang
  FROM domain_extraction_features f
  JOIN domains d ON d.campaign_id = $1 AND d.offset_index = f.domain_id
 WHERE f.campaign_id = $1 AND f.processing_state = 'ready' AND d.domain_score IS NOT NULL
 ORDER BY f.domain_id
 LIMIT $2;
