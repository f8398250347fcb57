-- Removes the first keyword rows of a campaign, and what else the last of their domains has.
-- $1 uuid campaign   $2 int about so many
DELETE FROM domain_extracted_keywords
 WHERE campaign_id = $1
   AND domain_id <= (SELECT max(first.domain_id)
                       FROM (SELECT domain_id
                               FROM domain_extracted_keywords
                              WHERE campaign_id = $1
                              ORDER BY domain_id
                              LIMIT $2::integer) AS first);
