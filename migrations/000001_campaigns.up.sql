-- Campaigns, their phases, and the ledger of work.
-- Every table that grows with a campaign has campaign_id first in its key. Big tables have no foreign key to
-- campaigns: its per-row trigger would halve bulk inserts; store/sql/campaign_delete_*.sql removes the rows instead.

CREATE TYPE campaign_status_enum AS ENUM ('draft', 'running', 'paused', 'completed', 'failed', 'cancelled', 'archived');
CREATE TYPE campaign_mode_enum AS ENUM ('step_by_step', 'full_sequence');
CREATE TYPE phase_enum AS ENUM ('generation', 'dns', 'http', 'analysis', 'leads');
CREATE TYPE phase_status_enum AS ENUM ('not_started', 'ready', 'configured', 'in_progress', 'paused', 'completed', 'failed');
CREATE TYPE batch_state_enum AS ENUM ('open', 'claimed', 'done');

CREATE TABLE workspaces (
  id          text PRIMARY KEY,
  created_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO workspaces (id) VALUES ('default');

CREATE TABLE campaigns (
  id                      uuid PRIMARY KEY,
  workspace_id            text NOT NULL DEFAULT 'default' REFERENCES workspaces (id),
  user_id                 text NOT NULL,
  name                    text NOT NULL,
  description             text NOT NULL DEFAULT '',
  status                  campaign_status_enum NOT NULL DEFAULT 'draft',
  mode                    campaign_mode_enum NOT NULL DEFAULT 'step_by_step',
  configuration           jsonb NOT NULL DEFAULT '{}',
  scoring_profile_id      uuid,
  duplicated_from         uuid,
  error_message           text NOT NULL DEFAULT '',
  restart_running         boolean NOT NULL DEFAULT false,  -- a restart runs through leads whatever the mode
  last_sequence           integer NOT NULL DEFAULT 0,      -- lifecycle number, one per transition
  last_event              integer NOT NULL DEFAULT 0,      -- number of the newest row in campaign_events
  version                 integer NOT NULL DEFAULT 1,
  discovery_config_hash   text,
  discovery_offset_start  bigint,
  discovery_offset_end    bigint,
  created_at              timestamptz NOT NULL DEFAULT now(),
  updated_at              timestamptz NOT NULL DEFAULT now(),
  started_at              timestamptz,
  completed_at            timestamptz
) WITH (fillfactor = 50);
CREATE INDEX campaigns_workspace_created ON campaigns (workspace_id, created_at DESC, id DESC);

CREATE TABLE campaign_phases (
  campaign_id       uuid NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  phase             phase_enum NOT NULL,
  status            phase_status_enum NOT NULL DEFAULT 'not_started',
  configuration     jsonb,
  run_number        integer NOT NULL DEFAULT 0,   -- fences batches of earlier runs
  run_context       jsonb NOT NULL DEFAULT '{}',  -- what is fixed for the run: scoring time, snapshot, target
  batch_size        integer NOT NULL DEFAULT 0,
  cut_after         bigint NOT NULL DEFAULT -1,   -- offsets up to here are in batches of this run
  cut_done          boolean NOT NULL DEFAULT false,
  batch_count       integer NOT NULL DEFAULT 0,
  total_items       integer NOT NULL DEFAULT 0,
  processed_items   integer NOT NULL DEFAULT 0,
  successful_items  integer NOT NULL DEFAULT 0,
  failed_items      integer NOT NULL DEFAULT 0,
  error_code        text,
  error_message     text,
  started_at        timestamptz,
  completed_at      timestamptz,
  paused_at         timestamptz,
  failed_at         timestamptz,
  updated_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, phase)
) WITH (fillfactor = 50);
-- What workers look for: the few phases that run now. status changes rarely, so HOT updates of progress survive.
CREATE INDEX campaign_phases_active ON campaign_phases (campaign_id, phase) WHERE status = 'in_progress';

CREATE TABLE phase_executions (
  campaign_id       uuid NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  phase             phase_enum NOT NULL,
  run_number        integer NOT NULL,
  id                uuid NOT NULL,
  status            phase_status_enum NOT NULL,
  configuration     jsonb NOT NULL DEFAULT '{}',
  total_items       integer NOT NULL DEFAULT 0,
  processed_items   integer NOT NULL DEFAULT 0,
  successful_items  integer NOT NULL DEFAULT 0,
  failed_items      integer NOT NULL DEFAULT 0,
  error_code        text,
  error_message     text,
  metrics           jsonb NOT NULL DEFAULT '{}',
  started_at        timestamptz NOT NULL DEFAULT now(),
  completed_at      timestamptz,
  paused_at         timestamptz,
  failed_at         timestamptz,
  PRIMARY KEY (campaign_id, phase, run_number)
);

CREATE TABLE phase_batches (
  campaign_id   uuid NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  phase         phase_enum NOT NULL,
  run_number    integer NOT NULL,
  batch_number  integer NOT NULL,
  first_offset  bigint NOT NULL,  -- inclusive
  last_offset   bigint NOT NULL,  -- inclusive
  domain_count  integer NOT NULL, -- eligible domains inside when it was cut
  state         batch_state_enum NOT NULL,
  owner         uuid,             -- instance that holds the lease
  token         integer NOT NULL DEFAULT 0, -- fencing token, +1 at every claim
  lease_until   timestamptz,
  attempts      integer NOT NULL DEFAULT 0,
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, phase, run_number, batch_number)
) WITH (fillfactor = 70);
CREATE INDEX phase_batches_unfinished ON phase_batches (campaign_id, phase, run_number, batch_number)
  WHERE state <> 'done';

CREATE TABLE campaign_events (
  campaign_id   uuid NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  event_number  integer NOT NULL,
  sequence      integer NOT NULL DEFAULT 0, -- 0: not a transition
  type          text NOT NULL,
  phase         phase_enum,
  payload       jsonb NOT NULL DEFAULT '{}',
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (campaign_id, event_number)
);

-- The first answer to a request with an idempotency key, written in the request's own transaction.
CREATE TABLE idempotency_records (
  campaign_id   uuid NOT NULL, -- all zeros for requests that name no campaign
  workspace_id  text NOT NULL,
  action        text NOT NULL,
  phase         text NOT NULL DEFAULT '',
  key           text NOT NULL,
  request_hash  text NOT NULL,
  status_code   integer NOT NULL DEFAULT 0,
  reason        text NOT NULL DEFAULT '',
  detail        text NOT NULL DEFAULT '',
  metadata      jsonb NOT NULL DEFAULT '{}',
  response      bytea,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (campaign_id, workspace_id, action, phase, key)
);
CREATE INDEX idempotency_records_created ON idempotency_records (created_at);

-- Which instances live: leases name them, and rate limits are divided by their number when Redis is down.
CREATE TABLE instances (
  id            uuid PRIMARY KEY,
  roles         text NOT NULL,
  address       text NOT NULL,
  version       text NOT NULL,
  started_at    timestamptz NOT NULL DEFAULT now(),
  heartbeat_at  timestamptz NOT NULL DEFAULT now()
);

-- Small numbers of the installation as a whole.
CREATE TABLE installation_state (
  key    text PRIMARY KEY,
  value  bigint NOT NULL
);
INSERT INTO installation_state (key, value) VALUES ('keyword_dictionary_version', 1);
