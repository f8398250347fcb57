-- Rerun of dns: every domain starts again, and so does all that was built on its answer.
-- $1 uuid campaign
UPDATE domains
   SET dns_status = 'pending', http_status = 'pending', lead_status = 'pending', rejection_reason = 'pending',
       dns_reason = NULL, dns_ip = NULL, http_status_code = NULL, http_reason = NULL, http_title = NULL,
       http_keywords = NULL, is_parked = NULL, parked_confidence = NULL, feature_vector = NULL,
       relevance_score = NULL, domain_score = NULL, lead_score = NULL, updated_at = now()
 WHERE campaign_id = $1
   AND (dns_status <> 'pending' OR http_status <> 'pending' OR lead_status <> 'pending'
        OR rejection_reason <> 'pending' OR domain_score IS NOT NULL);
