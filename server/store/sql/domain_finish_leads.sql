-- Writes leads decisions and tells what changed into what. `old` is the same row before the change; comparing it again
-- keeps the counts right when somebody else changed the row meanwhile. Rows that stay as they are are not written.
-- $1 uuid campaign   $2 bigint first offset   $3 bigint last offset   $4 bigint[] offsets
-- $5 text[] lead statuses   $6 text[] rejection reasons   $7 double precision[] lead scores (null when unscored)
-- rows: old_status, old_reason, new_status, new_reason text, domain_count integer
WITH done AS (
  UPDATE domains d
     SET lead_status = r.status::lead_status_enum,
         rejection_reason = r.reason::rejection_reason_enum,
         lead_score = r.score,
         updated_at = now()
    FROM unnest($4::bigint[], $5::text[], $6::text[], $7::double precision[])
         AS r (offset_index, status, reason, score), domains old
   WHERE r.offset_index BETWEEN $2 AND $3 AND d.campaign_id = $1 AND d.offset_index = r.offset_index
     AND old.campaign_id = $1 AND old.offset_index = r.offset_index
     AND d.lead_status = old.lead_status AND d.rejection_reason = old.rejection_reason
     AND (d.lead_status <> r.status::lead_status_enum OR d.rejection_reason <> r.reason::rejection_reason_enum
          OR d.lead_score IS DISTINCT FROM r.score)
  RETURNING old.lead_status AS old_status, old.rejection_reason AS old_reason,
            d.lead_status AS new_status, d.rejection_reason AS new_reason
)
SELECT old_status, old_reason, new_status, new_reason, count(*)::integer AS domain_count
  FROM done
 GROUP BY old_status, old_reason, new_status, new_reason;
