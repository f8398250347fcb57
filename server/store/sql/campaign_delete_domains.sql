-- Removes the first domains of a campaign.
-- $1 uuid campaign   $2 int at most
DELETE FROM domains
 WHERE campaign_id = $1
   AND offset_index <= (SELECT max(first.offset_index)
                          FROM (SELECT offset_index
                                  FROM domains
                                 WHERE campaign_id = $1
                                 ORDER BY offset_index
                                 LIMIT $2::integer) AS first);
