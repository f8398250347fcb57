-- Whether a phase that is configured, running or paused names the persona.
-- $1 uuid persona   $2 text workspace
-- row: any bool
SELECT EXISTS (SELECT 1
                 FROM campaigns c
                 JOIN campaign_phases p ON p.campaign_id = c.id
                WHERE c.workspace_id = $2 AND p.status IN ('configured', 'in_progress', 'paused')
                  AND p.configuration @> jsonb_build_object('personaIds', jsonb_build_array($1::uuid::text))) AS any;
