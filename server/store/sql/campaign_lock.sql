-- Locks a campaign: whoever changes its state, its phases or numbers its events holds this.
-- $1 uuid campaign   $2 text workspace (null: any)
-- row: id uuid   (no row: unknown there)
SELECT id
  FROM campaigns
 WHERE id = $1 AND ($2::text IS NULL OR workspace_id = $2)
   FOR NO KEY UPDATE;
