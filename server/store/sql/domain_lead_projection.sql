-- What the leads decision looks at in the domain rows of a batch. Their features come from feature_lead_projection.sql:
-- one join of both has a plan that depends on the statistics of fresh tables, and a bad one takes minutes.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset
-- rows in offset order
SELECT offset_index, dns_status, http_status, coalesce(is_parked, false) AS is_parked,
       coalesce(parked_confidence, 0) AS parked_confidence, domain_score, lead_status, rejection_reason, lead_score
  FROM domains
 WHERE campaign_id = $1 AND offset_index BETWEEN $2 AND $3
 ORDER BY offset_index;
