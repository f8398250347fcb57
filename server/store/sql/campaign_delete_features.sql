-- Removes the first feature rows of a campaign.
-- $1 uuid campaign   $2 int at most
DELETE FROM domain_extraction_features
 WHERE campaign_id = $1
   AND domain_id <= (SELECT max(first.domain_id)
                       FROM (SELECT domain_id
                               FROM domain_extraction_features
                              WHERE campaign_id = $1
                              ORDER BY domain_id
                              LIMIT $2::integer) AS first);
