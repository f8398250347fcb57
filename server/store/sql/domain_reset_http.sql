-- Rerun of http: every resolving domain is fetched again. What dns decided stays.
-- $1 uuid campaign
UPDATE domains
   SET http_status = 'pending', lead_status = 'pending', rejection_reason = 'pending',
       http_status_code = NULL, http_reason = NULL, http_title = NULL, http_keywords = NULL, is_parked = NULL,
       parked_confidence = NULL, feature_vector = NULL, relevance_score = NULL, domain_score = NULL,
       lead_score = NULL, updated_at = now()
 WHERE campaign_id = $1 AND dns_status = 'ok'
   AND (http_status <> 'pending' OR lead_status <> 'pending' OR rejection_reason <> 'pending'
        OR domain_score IS NOT NULL);
