-- Feature rows being built become ready; also those that the reconcile job took for stuck meanwhile (pending).
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 integer extraction version
-- $5 integer dictionary version   $6 … $35 arrays, one element a row, in the order of the column list of `r`
UPDATE domain_extraction_features f
   SET processing_state = 'ready', is_stale_score = true, last_error = NULL, next_attempt_at = NULL,
       extraction_version = $4, keyword_dictionary_version = $5,
       http_status = r.http_status, http_status_code = r.http_status_code, fetch_time_ms = r.fetch_time_ms,
       content_bytes = r.content_bytes, kw_unique_count = r.kw_unique, kw_total_occurrences = r.kw_hits,
       h1_count = r.h1, link_internal_count = r.internal, link_external_count = r.external,
       microcrawl_pages = r.mc_pages, microcrawl_base_kw_count = r.mc_base, microcrawl_added_kw_count = r.mc_added,
       microcrawl_enabled = r.mc_enabled, diminishing_returns = r.diminishing, is_parked = r.is_parked,
       title_has_keyword = r.title_has, has_structural_signals = r.structure, kw_weight_sum = r.weight_sum,
       microcrawl_gain_ratio = r.gain, parked_confidence = r.confidence, content_richness_score = r.richness,
       page_lang = r.lang, page_archetype = r.archetype, crawl_strategy = r.strategy, content_hash = r.hash,
       kw_top3 = r.top3, kw_signal_distribution = r.distribution, feature_vector = r.vector,
       fetched_at = r.fetched_at, updated_at = now()
  FROM unnest($6::bigint[], $7::text[], $8::integer[], $9::integer[], $10::integer[], $11::integer[], $12::integer[],
              $13::integer[], $14::integer[], $15::integer[], $16::integer[], $17::integer[], $18::integer[],
              $19::boolean[], $20::boolean[], $21::boolean[], $22::boolean[], $23::boolean[],
              $24::double precision[], $25::double precision[], $26::double precision[], $27::double precision[],
              $28::text[], $29::text[], $30::text[], $31::text[], $32::jsonb[], $33::jsonb[], $34::jsonb[],
              $35::timestamptz[])
       AS r (domain_id, http_status, http_status_code, fetch_time_ms, content_bytes, kw_unique, kw_hits, h1, internal,
             external, mc_pages, mc_base, mc_added, mc_enabled, diminishing, is_parked, title_has, structure,
             weight_sum, gain, confidence, richness, lang, archetype, strategy, hash, top3, distribution, vector,
             fetched_at)
 WHERE f.campaign_id = $1 AND f.domain_id BETWEEN $2 AND $3 AND f.domain_id = r.domain_id
   AND f.processing_state IN ('building', 'pending');
