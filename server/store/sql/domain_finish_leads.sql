-- Writes leads decisions that differ from what was read, where it is still so, and tells what changed into what. The rows
-- are read in one walk over the range, and each finds its decision by bisection of the offsets; `given` turns the words
-- into enums once.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 bigint[] offsets, ascending
-- $5 text[] lead statuses as read   $6 text[] rejection reasons as read   $7 text[] lead statuses
-- $8 text[] rejection reasons   $9 double precision[] lead scores (NaN when unscored)
-- rows: old_status, old_reason, new_status, new_reason text, domain_count integer
WITH given AS MATERIALIZED (
  SELECT $4::bigint[] AS offsets, $5::text[]::lead_status_enum[] AS old_statuses,
         $6::text[]::rejection_reason_enum[] AS old_reasons, $7::text[]::lead_status_enum[] AS statuses,
         $8::text[]::rejection_reason_enum[] AS reasons, $9::double precision[] AS scores
), done AS (
  UPDATE domains d
     SET lead_status = g.statuses[width_bucket(d.offset_index, g.offsets)],
         rejection_reason = g.reasons[width_bucket(d.offset_index, g.offsets)],
         lead_score = nullif(g.scores[width_bucket(d.offset_index, g.offsets)], 'NaN'),
         updated_at = now()
    FROM given g
   WHERE d.campaign_id = $1 AND d.offset_index BETWEEN $2 AND $3
     AND g.offsets[width_bucket(d.offset_index, g.offsets)] = d.offset_index
     AND d.lead_status = g.old_statuses[width_bucket(d.offset_index, g.offsets)]
     AND d.rejection_reason = g.old_reasons[width_bucket(d.offset_index, g.offsets)]
  RETURNING g.old_statuses[width_bucket(d.offset_index, g.offsets)] AS old_status,
            g.old_reasons[width_bucket(d.offset_index, g.offsets)] AS old_reason,
            d.lead_status AS new_status, d.rejection_reason AS new_reason
)
SELECT old_status, old_reason, new_status, new_reason, count(*)::integer AS domain_count
  FROM done
 GROUP BY old_status, old_reason, new_status, new_reason;
