-- The keywords found on one page, heaviest first.
-- $1 uuid campaign   $2 bigint offset of the domain   $3 integer at most
SELECT keyword_id, surface_form, signal_type, source_subphase, occurrences, base_weight, value_score, effective_weight,
       first_seen_position
  FROM domain_extracted_keywords
 WHERE campaign_id = $1 AND domain_id = $2
 ORDER BY effective_weight DESC, keyword_id
 LIMIT $3::integer;
