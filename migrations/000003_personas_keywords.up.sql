-- Personas and keyword sets: what the dns and http phases are configured with.

CREATE TYPE persona_type_enum AS ENUM ('dns', 'http');
CREATE TYPE rule_type_enum AS ENUM ('string', 'regex');

CREATE TABLE personas (
  id              uuid PRIMARY KEY,
  workspace_id    text NOT NULL DEFAULT 'default' REFERENCES workspaces (id),
  name            text NOT NULL,
  persona_type    persona_type_enum NOT NULL,
  description     text NOT NULL DEFAULT '',
  is_enabled      boolean NOT NULL DEFAULT true,
  config_details  jsonb NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT personas_name UNIQUE (workspace_id, persona_type, name)
);

CREATE TABLE keyword_sets (
  id            uuid PRIMARY KEY,
  workspace_id  text NOT NULL DEFAULT 'default' REFERENCES workspaces (id),
  name          text NOT NULL,
  description   text NOT NULL DEFAULT '',
  is_enabled    boolean NOT NULL DEFAULT true,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT keyword_sets_name UNIQUE (workspace_id, name)
);

CREATE TABLE keyword_rules (
  keyword_set_id     uuid NOT NULL REFERENCES keyword_sets (id) ON DELETE CASCADE,
  id                 uuid NOT NULL,
  position           integer NOT NULL,
  pattern            text NOT NULL,
  rule_type          rule_type_enum NOT NULL DEFAULT 'string',
  is_case_sensitive  boolean NOT NULL DEFAULT false,
  category           text NOT NULL DEFAULT '',
  context_chars      integer NOT NULL DEFAULT 40,
  weight             double precision NOT NULL DEFAULT 1,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (keyword_set_id, id)
);
