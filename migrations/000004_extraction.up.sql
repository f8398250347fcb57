-- Feature rows, keyword rows and scoring snapshots. domain_id is the domain's offset_index.

CREATE TYPE extraction_processing_state_enum AS ENUM ('pending', 'building', 'ready', 'error', 'stale');

CREATE TABLE domain_extraction_features (
  campaign_id                  uuid NOT NULL,
  domain_id                    bigint NOT NULL,
  domain_name                  text COLLATE "C" NOT NULL,
  processing_state             extraction_processing_state_enum NOT NULL DEFAULT 'pending',
  ready_for_analysis           boolean GENERATED ALWAYS AS (processing_state = 'ready') STORED,
  is_stale_score               boolean NOT NULL DEFAULT true,
  microcrawl_enabled           boolean NOT NULL DEFAULT false,
  diminishing_returns          boolean NOT NULL DEFAULT false,
  is_parked                    boolean NOT NULL DEFAULT false,
  title_has_keyword            boolean NOT NULL DEFAULT false,
  has_structural_signals       boolean NOT NULL DEFAULT false,
  attempt_count                integer NOT NULL DEFAULT 0,
  http_status_code             integer,
  fetch_time_ms                integer,
  content_bytes                integer NOT NULL DEFAULT 0,
  kw_unique_count              integer NOT NULL DEFAULT 0,
  kw_total_occurrences         integer NOT NULL DEFAULT 0,
  h1_count                     integer NOT NULL DEFAULT 0,
  link_internal_count          integer NOT NULL DEFAULT 0,
  link_external_count          integer NOT NULL DEFAULT 0,
  microcrawl_pages             integer NOT NULL DEFAULT 0,
  microcrawl_base_kw_count     integer NOT NULL DEFAULT 0,
  microcrawl_added_kw_count    integer NOT NULL DEFAULT 0,
  extraction_version           integer NOT NULL DEFAULT 1,
  keyword_dictionary_version   integer NOT NULL DEFAULT 1,
  analysis_version             integer NOT NULL DEFAULT 0,
  kw_weight_sum                double precision NOT NULL DEFAULT 0,
  microcrawl_gain_ratio        double precision NOT NULL DEFAULT 0,
  parked_confidence            double precision NOT NULL DEFAULT 0,
  content_richness_score       double precision NOT NULL DEFAULT 0,
  http_status                  text CHECK (http_status IN ('success', 'redirect', 'error', 'timeout')),
  page_lang                    text NOT NULL DEFAULT 'und',
  page_archetype               text NOT NULL DEFAULT 'unknown',
  crawl_strategy               text NOT NULL DEFAULT 'single_fetch',
  content_hash                 text,
  last_error                   text,
  kw_top3                      jsonb NOT NULL DEFAULT '[]',
  kw_signal_distribution       jsonb NOT NULL DEFAULT '{}',
  feature_vector               jsonb NOT NULL DEFAULT '{}',
  scoring_profile_snapshot_id  uuid,
  next_attempt_at              timestamptz,
  fetched_at                   timestamptz,
  created_at                   timestamptz NOT NULL DEFAULT now(),
  updated_at                   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, domain_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
-- No index on what scoring writes: its updates stay heap-only. Stale scores are found by a walk over the primary key.
-- Richness is written once, by the fetch; high potential is counted from it.
CREATE INDEX domain_extraction_features_richness ON domain_extraction_features (campaign_id, content_richness_score);
-- The exceptions; ready rows are the rest of the primary key.
CREATE INDEX domain_extraction_features_unready ON domain_extraction_features (campaign_id, processing_state, domain_id)
  WHERE processing_state <> 'ready';

CREATE VIEW analysis_ready_features AS
  SELECT campaign_id, domain_id, kw_unique_count, kw_weight_sum, content_richness_score, microcrawl_gain_ratio,
         page_archetype, feature_vector, extraction_version, keyword_dictionary_version, is_parked, parked_confidence,
         content_bytes, scoring_profile_snapshot_id, is_stale_score
    FROM domain_extraction_features
   WHERE processing_state = 'ready';

CREATE TABLE domain_extracted_keywords (
  campaign_id          uuid NOT NULL,
  domain_id            bigint NOT NULL,
  keyword_id           uuid NOT NULL,
  surface_form         text NOT NULL,
  signal_type          text NOT NULL CHECK (signal_type IN ('title', 'h1', 'body', 'anchor', 'meta', 'microcrawl', 'derived')),
  occurrences          integer NOT NULL,
  base_weight          double precision NOT NULL,
  value_score          double precision NOT NULL,
  effective_weight     double precision NOT NULL,
  first_seen_position  integer,
  source_subphase      text NOT NULL CHECK (source_subphase IN ('primary', 'microcrawl')),
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, domain_id, keyword_id)
);
CREATE INDEX domain_extracted_keywords_keyword ON domain_extracted_keywords (campaign_id, keyword_id);

CREATE TABLE scoring_profile_snapshots (
  campaign_id              uuid NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  id                       uuid NOT NULL,
  profile_id               uuid, -- null: the built-in defaults
  profile_version          integer NOT NULL DEFAULT 1,
  scoring_configuration    jsonb NOT NULL,
  feature_weights          jsonb NOT NULL,
  algorithm_version        text NOT NULL DEFAULT '1.0',
  parameters               jsonb NOT NULL DEFAULT '{}',
  is_active                boolean NOT NULL,
  replaced_at              timestamptz,
  replaced_by_snapshot_id  uuid,
  created_at               timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, id)
);
CREATE UNIQUE INDEX scoring_profile_snapshots_active ON scoring_profile_snapshots (campaign_id) WHERE is_active;
