-- The independent count behind the rejection summary: rows by reason, and leads by status.
-- $1 uuid campaign
-- rows: rejection_reason, domains, leads
SELECT rejection_reason, count(*) AS domains, count(*) FILTER (WHERE lead_status = 'match') AS leads
  FROM domains
 WHERE campaign_id = $1
 GROUP BY rejection_reason;
