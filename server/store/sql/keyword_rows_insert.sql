-- New keyword rows.
-- $1 uuid campaign   $2 bigint[] offsets   $3 uuid[] keywords   $4 text[] surface forms   $5 text[] signals
-- $6 text[] source subphases   $7 integer[] occurrences   $8 double precision[] base weights
-- $9 double precision[] value scores   $10 double precision[] effective weights   $11 integer[] first positions
INSERT INTO domain_extracted_keywords (campaign_id, domain_id, keyword_id, surface_form, signal_type, source_subphase,
                                       occurrences, base_weight, value_score, effective_weight, first_seen_position)
SELECT $1, r.domain_id, r.keyword_id, r.surface_form, r.signal_type, r.source_subphase, r.occurrences, r.base_weight,
       r.value_score, r.effective_weight, r.first_seen_position
  FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::double precision[],
              $9::double precision[], $10::double precision[], $11::integer[])
       AS r (domain_id, keyword_id, surface_form, signal_type, source_subphase, occurrences, base_weight, value_score,
             effective_weight, first_seen_position);
