-- The domains of a campaign, their counters, and the global offset state of patterns.
-- A domain's key is (campaign_id, offset_index): small and in order, twice as fast to fill as a random id. Its public
-- UUID is computed from both. No index on a column that phases write, so their updates stay heap-only.

CREATE TYPE dns_status_enum AS ENUM ('pending', 'ok', 'error', 'timeout');
CREATE TYPE http_status_enum AS ENUM ('pending', 'ok', 'error', 'timeout');
CREATE TYPE lead_status_enum AS ENUM ('pending', 'match', 'no_match', 'error', 'timeout');
CREATE TYPE rejection_reason_enum AS ENUM ('qualified', 'low_score', 'no_keywords', 'parked', 'dns_error', 'dns_timeout',
  'http_error', 'http_timeout', 'pending');

CREATE TABLE domains (
  campaign_id           uuid NOT NULL,
  offset_index          bigint NOT NULL,
  domain_name           text COLLATE "C" NOT NULL,
  dns_status            dns_status_enum NOT NULL DEFAULT 'pending',
  http_status           http_status_enum NOT NULL DEFAULT 'pending',
  lead_status           lead_status_enum NOT NULL DEFAULT 'pending',
  rejection_reason      rejection_reason_enum NOT NULL DEFAULT 'pending',
  is_parked             boolean,
  http_status_code      smallint,
  parked_confidence     double precision,
  relevance_score       double precision,
  domain_score          double precision,
  lead_score            double precision,
  dns_reason            text,
  dns_ip                inet,
  http_reason           text,
  http_title            text,
  http_keywords         jsonb,
  feature_vector        jsonb, -- only while the legacy read or dual read is on
  last_validated_at     timestamptz,
  last_http_fetched_at  timestamptz,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, offset_index),
  UNIQUE (campaign_id, domain_name)
) WITH (fillfactor = 55, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE campaign_counters (
  campaign_id         uuid PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
  total_domains       integer NOT NULL DEFAULT 0,
  dns_pending         integer NOT NULL DEFAULT 0,
  dns_ok              integer NOT NULL DEFAULT 0,
  dns_error           integer NOT NULL DEFAULT 0,
  dns_timeout         integer NOT NULL DEFAULT 0,
  http_pending        integer NOT NULL DEFAULT 0,
  http_ok             integer NOT NULL DEFAULT 0,
  http_error          integer NOT NULL DEFAULT 0,
  http_timeout        integer NOT NULL DEFAULT 0,
  lead_pending        integer NOT NULL DEFAULT 0,
  lead_match          integer NOT NULL DEFAULT 0,
  lead_no_match       integer NOT NULL DEFAULT 0,
  lead_error          integer NOT NULL DEFAULT 0,
  lead_timeout        integer NOT NULL DEFAULT 0,
  reject_qualified    integer NOT NULL DEFAULT 0,
  reject_low_score    integer NOT NULL DEFAULT 0,
  reject_no_keywords  integer NOT NULL DEFAULT 0,
  reject_parked       integer NOT NULL DEFAULT 0,
  reject_dns_error    integer NOT NULL DEFAULT 0,
  reject_dns_timeout  integer NOT NULL DEFAULT 0,
  reject_http_error   integer NOT NULL DEFAULT 0,
  reject_http_timeout integer NOT NULL DEFAULT 0,
  reject_pending      integer NOT NULL DEFAULT 0,
  keyword_hits        integer NOT NULL DEFAULT 0, -- http ok, at least one keyword
  analyzed            integer NOT NULL DEFAULT 0, -- http ok and scored
  updated_at          timestamptz NOT NULL DEFAULT now(),
  CHECK (dns_pending + dns_ok + dns_error + dns_timeout = total_domains),
  CHECK (http_pending + http_ok + http_error + http_timeout = total_domains),
  CHECK (lead_pending + lead_match + lead_no_match + lead_error + lead_timeout = total_domains),
  CHECK (reject_qualified + reject_low_score + reject_no_keywords + reject_parked + reject_dns_error
         + reject_dns_timeout + reject_http_error + reject_http_timeout + reject_pending = total_domains),
  CHECK (reject_qualified = lead_match),
  CHECK (least(total_domains, dns_pending, dns_ok, dns_error, dns_timeout, http_pending, http_ok, http_error,
               http_timeout, lead_pending, lead_match, lead_no_match, lead_error, lead_timeout, reject_low_score,
               reject_no_keywords, reject_parked, reject_dns_error, reject_dns_timeout, reject_http_error,
               reject_http_timeout, reject_pending, keyword_hits, analyzed) >= 0)
) WITH (fillfactor = 10);

CREATE TABLE domain_generation_config_states (
  config_hash     text PRIMARY KEY,
  last_offset     bigint NOT NULL, -- highest offset handed out; only moves forward
  config_details  jsonb NOT NULL,
  updated_at      timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
