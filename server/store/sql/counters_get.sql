-- The counters of a campaign.
-- $1 uuid campaign
-- row: every column of model/counters.h
SELECT total_domains, dns_pending, dns_ok, dns_error, dns_timeout, http_pending, http_ok, http_error,
       http_timeout, lead_pending, lead_match, lead_no_match, lead_error, lead_timeout, reject_qualified,
       reject_low_score, reject_no_keywords, reject_parked, reject_dns_error, reject_dns_timeout,
       reject_http_error, reject_http_timeout, reject_pending, keyword_hits, analyzed
  FROM campaign_counters
 WHERE campaign_id = $1;
