-- A brain database at the schema of z4j 1.7.0 (revision v1_7_security_hardening), PostgreSQL 15 and newer.
--
-- Facts (names, types, defaults, constraints, indexes, column order) equal those of a database that
-- z4j 1.7.0 itself creates; migrations of later releases address them by name. Layout, comments and
-- function bodies are ours; migrations/README.md says how the facts were compared.
--
-- Run in one transaction on an empty database, as the role that the brain will use: it owns
-- everything then, as the later migrations need. Everything goes to the schema `public`. The three
-- extensions are trusted, so a role with CREATE on the database may create them.
--
-- Two tables have one partition per day and a catch-all. Days depend on the clock, so the program puts
-- their statements in place of the marker line at the end of this file. For a table T and the day 2026-03-01:
--
--     CREATE TABLE T_2026_03_01 PARTITION OF T FOR VALUES FROM ('2026-03-01') TO ('2026-03-02');
--
--     T                 days, 0 is today    partitions
--     events                  0 to 6             7
--     schedule_fires        -31 to 7            39
--
-- Today is the server's CURRENT_DATE and the bounds are bare dates: both depend on the time zone of the
-- session. It must be the one that a session of the brain gets by default (from role, database or server),
-- because the brain adds the days that come with bare dates too, and a boundary at another hour would make
-- its next partition overlap our last one. So do not set a time zone, or set it to DEFAULT.
--
-- Names of the partitions' own indexes and constraints are those that the server chooses. A row of a day
-- without a partition goes to the catch-all.
--
-- Two rows complete the database: the revision (at the end of this file) and the first signed audit row,
-- which the program adds.

-- Extensions: case-insensitive text, random identifiers, trigram search ------------------------------------

CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;

-- Enumerated types -----------------------------------------------------------------------------------------

CREATE TYPE agent_state AS ENUM ('online', 'offline', 'unknown');
CREATE TYPE command_status AS ENUM ('pending', 'dispatched', 'completed', 'failed', 'timeout', 'cancelled');
CREATE TYPE project_role AS ENUM ('viewer', 'operator', 'admin');
CREATE TYPE schedule_kind AS ENUM ('cron', 'interval', 'solar', 'clocked');
CREATE TYPE task_priority AS ENUM ('critical', 'high', 'normal', 'low');
CREATE TYPE task_state AS ENUM (
    'pending', 'received', 'started', 'success', 'failure', 'retry', 'revoked', 'rejected', 'unknown'
);
CREATE TYPE worker_state AS ENUM ('online', 'offline', 'draining', 'unknown');

-- Bookkeeping ----------------------------------------------------------------------------------------------

-- The schema revision: exactly one row.
CREATE TABLE alembic_version (
    version_num  varchar(32)  NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Facts about the installation. The brain writes its own rows at its first start.
CREATE TABLE z4j_meta (
    key         varchar(100)  NOT NULL,
    value       text          NOT NULL,
    id          uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz   NOT NULL DEFAULT now(),
    updated_at  timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_z4j_meta PRIMARY KEY (id),
    CONSTRAINT uq_z4j_meta_key UNIQUE (key)
);

-- People and their sign-in ---------------------------------------------------------------------------------

-- `email` holds the canonical form: case-folded, with an ASCII domain.
CREATE TABLE users (
    email                       citext       NOT NULL,
    password_hash               varchar      NOT NULL,
    display_name                varchar,
    first_name                  varchar(100),
    last_name                   varchar(100),
    is_admin                    boolean      NOT NULL DEFAULT false,
    is_active                   boolean      NOT NULL DEFAULT true,
    last_login_at               timestamptz,
    force_password_change       boolean      NOT NULL DEFAULT false,
    timezone                    varchar(64)  NOT NULL DEFAULT 'UTC',
    failed_login_count          integer      NOT NULL DEFAULT 0,
    locked_until                timestamptz,
    last_failed_login_at        timestamptz,
    last_failed_login_ip        inet,
    password_changed_at         timestamptz,
    mfa_secret_encrypted        bytea,
    mfa_enrolled_at             timestamptz,
    mfa_enforcement_started_at  timestamptz,
    failed_mfa_count            integer      NOT NULL DEFAULT 0,
    mfa_locked_until            timestamptz,
    last_totp_counter           bigint,
    avatar_url                  varchar,
    external_id                 varchar(255),
    sso_provider                varchar(50),
    id                          uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at                  timestamptz  NOT NULL DEFAULT now(),
    updated_at                  timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_email UNIQUE (email)
);
CREATE INDEX ix_users_active ON users (is_active);
CREATE INDEX ix_users_active_partial ON users (id) WHERE is_active;

-- Dashboard sessions.
CREATE TABLE sessions (
    id                   uuid         NOT NULL DEFAULT gen_random_uuid(),
    user_id              uuid         NOT NULL,
    csrf_token           varchar(64)  NOT NULL,
    issued_at            timestamptz  NOT NULL DEFAULT now(),
    expires_at           timestamptz  NOT NULL,
    last_seen_at         timestamptz  NOT NULL DEFAULT now(),
    revoked_at           timestamptz,
    revocation_reason    varchar(40),
    ip_at_issue          inet         NOT NULL,
    user_agent_at_issue  varchar(256),
    mfa_verified_at      timestamptz,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sessions_user_active ON sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX ix_sessions_user_id ON sessions (user_id);

-- One row per recovery code, used or not.
CREATE TABLE mfa_recovery_codes (
    user_id      uuid         NOT NULL,
    code_hash    varchar      NOT NULL,
    created_at   timestamptz  NOT NULL DEFAULT now(),
    consumed_at  timestamptz,
    id           uuid         NOT NULL,
    CONSTRAINT pk_mfa_recovery_codes PRIMARY KEY (id),
    CONSTRAINT fk_mfa_recovery_codes_user_id_users FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX ix_mfa_recovery_codes_user_id ON mfa_recovery_codes (user_id);

-- Browsers that may skip the second factor until `expires_at`.
CREATE TABLE trusted_devices (
    user_id         uuid          NOT NULL,
    cookie_id_hash  varchar(64)   NOT NULL,
    label           varchar(200)  NOT NULL,
    created_at      timestamptz   NOT NULL DEFAULT now(),
    last_seen_at    timestamptz   NOT NULL DEFAULT now(),
    expires_at      timestamptz   NOT NULL,
    revoked_at      timestamptz,
    id              uuid          NOT NULL,
    CONSTRAINT pk_trusted_devices PRIMARY KEY (id),
    CONSTRAINT uq_trusted_devices_cookie_id_hash UNIQUE (cookie_id_hash),
    CONSTRAINT fk_trusted_devices_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX ix_trusted_devices_expires_at ON trusted_devices (expires_at);
CREATE INDEX ix_trusted_devices_user_id ON trusted_devices (user_id);

-- Used rows stay and carry `consumed_at`.
CREATE TABLE password_reset_tokens (
    user_id      uuid         NOT NULL,
    token_hash   varchar      NOT NULL,
    expires_at   timestamptz  NOT NULL,
    consumed_at  timestamptz,
    created_at   timestamptz  NOT NULL DEFAULT now(),
    id           uuid         NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT pk_password_reset_tokens PRIMARY KEY (id),
    CONSTRAINT fk_password_reset_tokens_user_id_users FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);

-- At most one row, while no user exists.
CREATE TABLE first_boot_tokens (
    token_hash  varchar      NOT NULL,
    expires_at  timestamptz  NOT NULL,
    created_at  timestamptz  NOT NULL DEFAULT now(),
    id          uuid         NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT pk_first_boot_tokens PRIMARY KEY (id)
);

-- Reserved.
CREATE TABLE user_preferences (
    user_id     uuid          NOT NULL,
    key         varchar(100)  NOT NULL,
    value       jsonb         NOT NULL DEFAULT '{}',
    id          uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz   NOT NULL DEFAULT now(),
    updated_at  timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_user_preferences PRIMARY KEY (id),
    CONSTRAINT uq_user_preferences_user_key UNIQUE (user_id, key),
    CONSTRAINT fk_user_preferences_user_id_users FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX ix_user_preferences_user ON user_preferences (user_id);

-- Projects and who may enter them --------------------------------------------------------------------------

CREATE TABLE projects (
    slug                     varchar(63)   NOT NULL,
    name                     varchar(200)  NOT NULL,
    description              varchar,
    environment              varchar(40)   NOT NULL DEFAULT 'production',
    timezone                 varchar(64)   NOT NULL DEFAULT 'UTC',
    is_active                boolean       NOT NULL DEFAULT true,
    automation_enabled       boolean       NOT NULL DEFAULT true,
    default_scheduler_owner  varchar(64)   NOT NULL DEFAULT 'z4j-scheduler',
    allowed_schedulers       jsonb,
    settings                 jsonb,
    organization_id          uuid,
    id                       uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at               timestamptz   NOT NULL DEFAULT now(),
    updated_at               timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_projects PRIMARY KEY (id),
    CONSTRAINT uq_projects_slug UNIQUE (slug),
    CONSTRAINT slug_format CHECK (slug ~ '^[a-z0-9][a-z0-9-]{1,62}$')
);
CREATE INDEX ix_projects_active ON projects (is_active);
CREATE INDEX ix_projects_active_partial ON projects (id) WHERE is_active;

CREATE TABLE memberships (
    user_id     uuid          NOT NULL,
    project_id  uuid          NOT NULL,
    role        project_role  NOT NULL DEFAULT 'viewer',
    id          uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz   NOT NULL DEFAULT now(),
    updated_at  timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_memberships PRIMARY KEY (id),
    CONSTRAINT uq_memberships_user_project UNIQUE (user_id, project_id),
    CONSTRAINT fk_memberships_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT fk_memberships_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX ix_memberships_project_id ON memberships (project_id);
CREATE INDEX ix_memberships_user_id ON memberships (user_id);

-- `role` is plain text here, unlike `memberships.role`.
CREATE TABLE invitations (
    project_id           uuid          NOT NULL,
    email                varchar(255)  NOT NULL,
    role                 varchar(20)   NOT NULL,
    invited_by           uuid,
    token_hash           varchar       NOT NULL,
    expires_at           timestamptz   NOT NULL,
    accepted_at          timestamptz,
    accepted_by_user_id  uuid,
    revoked_at           timestamptz,
    id                   uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at           timestamptz   NOT NULL DEFAULT now(),
    updated_at           timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_invitations PRIMARY KEY (id),
    CONSTRAINT fk_invitations_accepted_by_user_id_users FOREIGN KEY (accepted_by_user_id)
        REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT fk_invitations_invited_by_users FOREIGN KEY (invited_by)
        REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT fk_invitations_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_invitations_project_pending ON invitations (project_id, expires_at);
CREATE UNIQUE INDEX ix_invitations_token_hash ON invitations (token_hash);

CREATE TABLE api_keys (
    user_id         uuid          NOT NULL,
    name            varchar(200)  NOT NULL,
    token_hash      varchar       NOT NULL,
    prefix          varchar(8)    NOT NULL,
    last_used_at    timestamptz,
    last_used_ip    varchar,
    expires_at      timestamptz,
    revoked_at      timestamptz,
    revoked_reason  varchar(200),
    scopes          text[]        NOT NULL DEFAULT '{}',
    project_id      uuid,
    id              uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at      timestamptz   NOT NULL DEFAULT now(),
    updated_at      timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_api_keys PRIMARY KEY (id),
    CONSTRAINT uq_api_keys_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_api_keys_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT fk_api_keys_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX ix_api_keys_project_id ON api_keys (project_id);
CREATE INDEX ix_api_keys_token_hash ON api_keys (token_hash);
CREATE INDEX ix_api_keys_user_id ON api_keys (user_id);

-- Reserved.
CREATE TABLE project_config (
    project_id  uuid          NOT NULL,
    key         varchar(200)  NOT NULL,
    value       jsonb         NOT NULL DEFAULT '{}',
    id          uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz   NOT NULL DEFAULT now(),
    updated_at  timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_project_config PRIMARY KEY (id),
    CONSTRAINT uq_project_config_project_key UNIQUE (project_id, key),
    CONSTRAINT fk_project_config_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_project_config_project ON project_config (project_id);

-- Reserved.
CREATE TABLE saved_views (
    user_id     uuid          NOT NULL,
    project_id  uuid          NOT NULL,
    name        varchar(200)  NOT NULL,
    page        varchar(50)   NOT NULL,
    filters     jsonb         NOT NULL DEFAULT '{}',
    is_default  boolean       NOT NULL DEFAULT false,
    id          uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz   NOT NULL DEFAULT now(),
    updated_at  timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_saved_views PRIMARY KEY (id),
    CONSTRAINT fk_saved_views_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT fk_saved_views_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

-- Agents, workers, queues ----------------------------------------------------------------------------------

CREATE TABLE agents (
    project_id          uuid          NOT NULL,
    name                varchar(200)  NOT NULL,
    token_hash          varchar       NOT NULL,
    protocol_version    varchar(20)   NOT NULL,
    framework_adapter   varchar(40)   NOT NULL,
    engine_adapters     text[]        NOT NULL DEFAULT '{}',
    scheduler_adapters  text[]        NOT NULL DEFAULT '{}',
    capabilities        jsonb         NOT NULL DEFAULT '{}',
    state               agent_state   NOT NULL DEFAULT 'unknown',
    last_seen_at        timestamptz,
    last_connect_at     timestamptz,
    metadata            jsonb         NOT NULL DEFAULT '{}',
    id                  uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at          timestamptz   NOT NULL DEFAULT now(),
    updated_at          timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_agents PRIMARY KEY (id),
    CONSTRAINT uq_agents_project_name UNIQUE (project_id, name),
    CONSTRAINT uq_agents_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_agents_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_agents_last_seen_at ON agents (last_seen_at);
CREATE INDEX ix_agents_project_state ON agents (project_id, state);

-- The processes behind an agent.
CREATE TABLE agent_workers (
    agent_id         uuid         NOT NULL,
    project_id       uuid         NOT NULL,
    worker_id        varchar(128),
    role             varchar(32),
    framework        varchar(40),
    pid              integer,
    started_at       timestamptz,
    state            varchar(20)  NOT NULL DEFAULT 'online',
    last_seen_at     timestamptz,
    last_connect_at  timestamptz,
    id               uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at       timestamptz  NOT NULL DEFAULT now(),
    updated_at       timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_agent_workers PRIMARY KEY (id),
    CONSTRAINT uq_agent_workers_agent_worker UNIQUE (agent_id, worker_id),
    CONSTRAINT fk_agent_workers_agent_id_agents FOREIGN KEY (agent_id)
        REFERENCES agents(id) ON DELETE CASCADE,
    CONSTRAINT fk_agent_workers_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_agent_workers_agent_state ON agent_workers (agent_id, state);
CREATE INDEX ix_agent_workers_project_state ON agent_workers (project_id, state);

-- One row per status frame: the fastest-growing table.
CREATE TABLE agent_status_history (
    id           bigserial    NOT NULL,
    project_id   uuid         NOT NULL,
    agent_id     uuid         NOT NULL,
    captured_at  timestamptz  NOT NULL,
    payload      jsonb        NOT NULL DEFAULT '{}',
    CONSTRAINT pk_agent_status_history PRIMARY KEY (id),
    CONSTRAINT fk_agent_status_history_agent_id_agents FOREIGN KEY (agent_id)
        REFERENCES agents(id) ON DELETE CASCADE,
    CONSTRAINT fk_agent_status_history_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX agent_status_history_agent_time_idx ON agent_status_history (agent_id, captured_at);
CREATE INDEX agent_status_history_project_time_idx ON agent_status_history (project_id, captured_at);

-- Workers as the task engine reports them.
CREATE TABLE workers (
    project_id      uuid          NOT NULL,
    engine          varchar(40)   NOT NULL,
    name            varchar(200)  NOT NULL,
    hostname        varchar(255),
    pid             integer,
    concurrency     integer,
    queues          text[]        NOT NULL DEFAULT '{}',
    state           worker_state  NOT NULL DEFAULT 'unknown',
    last_heartbeat  timestamptz,
    load_average    jsonb,
    memory_bytes    bigint,
    active_tasks    integer       NOT NULL DEFAULT 0,
    metadata        jsonb         NOT NULL DEFAULT '{}',
    id              uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at      timestamptz   NOT NULL DEFAULT now(),
    updated_at      timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_workers PRIMARY KEY (id),
    CONSTRAINT uq_workers_project_engine_name UNIQUE (project_id, engine, name),
    CONSTRAINT fk_workers_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_workers_project_state ON workers (project_id, state);

CREATE TABLE queues (
    project_id       uuid          NOT NULL,
    name             varchar(200)  NOT NULL,
    engine           varchar(40)   NOT NULL,
    broker_type      varchar(40),
    broker_url_hint  varchar,
    last_seen_at     timestamptz,
    pending_count    integer       NOT NULL DEFAULT 0,
    consumer_count   integer       NOT NULL DEFAULT 0,
    metadata         jsonb         NOT NULL DEFAULT '{}',
    id               uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at       timestamptz   NOT NULL DEFAULT now(),
    updated_at       timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_queues PRIMARY KEY (id),
    CONSTRAINT uq_queues_project_engine_name UNIQUE (project_id, engine, name),
    CONSTRAINT fk_queues_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_queues_project_id ON queues (project_id);

-- Tasks, events, commands ----------------------------------------------------------------------------------

CREATE TABLE tasks (
    project_id      uuid           NOT NULL,
    engine          varchar(40)    NOT NULL,
    task_id         varchar(200)   NOT NULL,
    name            varchar(500)   NOT NULL,
    queue           varchar(200),
    state           task_state     NOT NULL DEFAULT 'pending',
    priority        task_priority  NOT NULL DEFAULT 'normal',
    args            jsonb,
    kwargs          jsonb,
    result          jsonb,
    exception       text,
    traceback       text,
    fingerprint     varchar(32),
    last_failed_at  timestamptz,
    retry_count     integer        NOT NULL DEFAULT 0,
    eta             timestamptz,
    received_at     timestamptz,
    started_at      timestamptz,
    finished_at     timestamptz,
    runtime_ms      bigint,
    worker_name     varchar(200),
    parent_task_id  varchar(200),
    root_task_id    varchar(200),
    tags            text[]         NOT NULL DEFAULT '{}',
    metadata        jsonb          NOT NULL DEFAULT '{}',
    search_vector   tsvector,
    id              uuid           NOT NULL DEFAULT gen_random_uuid(),
    created_at      timestamptz    NOT NULL DEFAULT now(),
    updated_at      timestamptz    NOT NULL DEFAULT now(),
    CONSTRAINT pk_tasks PRIMARY KEY (id),
    CONSTRAINT uq_tasks_project_engine_task_id UNIQUE (project_id, engine, task_id),
    CONSTRAINT fk_tasks_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_tasks_args_gin ON tasks USING gin (args) WHERE args IS NOT NULL;
CREATE INDEX ix_tasks_kwargs_gin ON tasks USING gin (kwargs) WHERE kwargs IS NOT NULL;
CREATE INDEX ix_tasks_project_fingerprint ON tasks (project_id, fingerprint);
CREATE INDEX ix_tasks_project_finished ON tasks (project_id, finished_at);
CREATE INDEX ix_tasks_project_name ON tasks (project_id, name);
CREATE INDEX ix_tasks_project_queue ON tasks (project_id, queue);
CREATE INDEX ix_tasks_project_state_started ON tasks (project_id, state, started_at);
CREATE INDEX ix_tasks_search ON tasks USING gin (name gin_trgm_ops);

-- Reserved.
CREATE TABLE task_annotations (
    task_id          uuid         NOT NULL,
    user_id          uuid         NOT NULL,
    content          text         NOT NULL,
    annotation_type  varchar(20)  NOT NULL DEFAULT 'note',
    id               uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at       timestamptz  NOT NULL DEFAULT now(),
    updated_at       timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_task_annotations PRIMARY KEY (id),
    CONSTRAINT fk_task_annotations_task_id_tasks FOREIGN KEY (task_id)
        REFERENCES tasks(id) ON DELETE CASCADE,
    CONSTRAINT fk_task_annotations_user_id_users FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE events (
    id           uuid          NOT NULL DEFAULT gen_random_uuid(),
    project_id   uuid          NOT NULL,
    agent_id     uuid          NOT NULL,
    engine       varchar(40)   NOT NULL,
    task_id      varchar(200)  NOT NULL DEFAULT '',
    kind         varchar(80)   NOT NULL,
    occurred_at  timestamptz   NOT NULL,
    payload      jsonb         NOT NULL DEFAULT '{}',
    CONSTRAINT pk_events PRIMARY KEY (project_id, occurred_at, id),
    CONSTRAINT events_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE RESTRICT,
    CONSTRAINT events_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE RESTRICT
) PARTITION BY RANGE (occurred_at);
CREATE INDEX ix_events_payload_gin ON events USING gin (payload);
CREATE INDEX ix_events_project_kind ON events (project_id, kind, occurred_at);
CREATE INDEX ix_events_project_task ON events (project_id, task_id, occurred_at);
CREATE TABLE events_default PARTITION OF events DEFAULT;

-- What the brain asks an agent to do.
CREATE TABLE commands (
    project_id       uuid            NOT NULL,
    issued_by        uuid,
    agent_id         uuid,
    action           varchar(80)     NOT NULL,
    target_type      varchar(40)     NOT NULL,
    target_id        varchar(200),
    payload          jsonb           NOT NULL DEFAULT '{}',
    idempotency_key  varchar(200),
    status           command_status  NOT NULL DEFAULT 'pending',
    result           jsonb,
    error            text,
    issued_at        timestamptz     NOT NULL DEFAULT now(),
    dispatched_at    timestamptz,
    completed_at     timestamptz,
    timeout_at       timestamptz     NOT NULL,
    source_ip        inet,
    id               uuid            NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT pk_commands PRIMARY KEY (id),
    CONSTRAINT uq_commands_project_idempotency_key UNIQUE (project_id, idempotency_key),
    CONSTRAINT fk_commands_agent_id_agents FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE SET NULL,
    CONSTRAINT fk_commands_issued_by_users FOREIGN KEY (issued_by) REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT fk_commands_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_commands_issued_by_at ON commands (issued_by, issued_at);
CREATE INDEX ix_commands_pending_timeout
    ON commands (timeout_at) WHERE status = 'pending' AND timeout_at IS NOT NULL;
CREATE INDEX ix_commands_project_status_issued ON commands (project_id, status, issued_at);
CREATE INDEX ix_commands_timeout_at ON commands (timeout_at);

-- Schedules ------------------------------------------------------------------------------------------------

CREATE TABLE schedules (
    project_id    uuid           NOT NULL,
    engine        varchar(40)    NOT NULL,
    scheduler     varchar(40)    NOT NULL,
    name          varchar(200)   NOT NULL,
    task_name     varchar(500)   NOT NULL,
    kind          schedule_kind  NOT NULL,
    expression    varchar        NOT NULL,
    timezone      varchar(64)    NOT NULL DEFAULT 'UTC',
    queue         varchar(200),
    priority      task_priority  NOT NULL DEFAULT 'normal',
    args          jsonb          NOT NULL DEFAULT '[]',
    kwargs        jsonb          NOT NULL DEFAULT '{}',
    is_enabled    boolean        NOT NULL DEFAULT true,
    last_run_at   timestamptz,
    next_run_at   timestamptz,
    total_runs    bigint         NOT NULL DEFAULT '0',
    external_id   varchar(200),
    catch_up      varchar(32)    NOT NULL DEFAULT 'skip',
    source        varchar(64)    NOT NULL DEFAULT 'dashboard',
    source_hash   varchar(128),
    last_fire_id  uuid,
    id            uuid           NOT NULL DEFAULT gen_random_uuid(),
    created_at    timestamptz    NOT NULL DEFAULT now(),
    updated_at    timestamptz    NOT NULL DEFAULT now(),
    CONSTRAINT pk_schedules PRIMARY KEY (id),
    CONSTRAINT uq_schedules_project_scheduler_name UNIQUE (project_id, scheduler, name),
    CONSTRAINT fk_schedules_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_schedules_next_run ON schedules (next_run_at) WHERE is_enabled AND next_run_at IS NOT NULL;
CREATE INDEX ix_schedules_project_id ON schedules (project_id);

-- Wakes the schedulers that listen on the channel whenever a schedule appears, changes or goes.
CREATE FUNCTION z4j_schedules_notify() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    affected record;
BEGIN
    IF TG_OP = 'DELETE' THEN affected := OLD; ELSE affected := NEW; END IF;
    PERFORM pg_notify(
        'z4j_schedules_changed',
        json_build_object('op', lower(TG_OP), 'id', affected.id, 'project_id', affected.project_id)::text
    );
    RETURN NULL; -- ignored after the event
END
$function$;
CREATE TRIGGER z4j_schedules_notify_trigger AFTER INSERT OR UPDATE OR DELETE ON schedules
    FOR EACH ROW EXECUTE FUNCTION z4j_schedules_notify();

CREATE TABLE schedule_fires (
    id                    uuid         NOT NULL DEFAULT gen_random_uuid(),
    fire_id               uuid         NOT NULL,
    schedule_id           uuid         NOT NULL,
    project_id            uuid         NOT NULL,
    command_id            uuid,
    triggered_by_user_id  uuid,
    status                varchar(32)  NOT NULL,
    scheduled_for         timestamptz  NOT NULL,
    fired_at              timestamptz  NOT NULL,
    acked_at              timestamptz,
    latency_ms            integer,
    error_code            varchar(64),
    error_message         varchar(2000),
    CONSTRAINT pk_schedule_fires PRIMARY KEY (id, scheduled_for),
    CONSTRAINT uq_schedule_fires_fire_id UNIQUE (fire_id, scheduled_for),
    CONSTRAINT schedule_fires_command_id_fkey FOREIGN KEY (command_id)
        REFERENCES commands(id) ON DELETE SET NULL,
    CONSTRAINT schedule_fires_project_id_fkey FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT schedule_fires_schedule_id_fkey FOREIGN KEY (schedule_id)
        REFERENCES schedules(id) ON DELETE CASCADE,
    CONSTRAINT schedule_fires_triggered_by_user_id_fkey FOREIGN KEY (triggered_by_user_id)
        REFERENCES users(id) ON DELETE SET NULL
) PARTITION BY RANGE (scheduled_for);
CREATE INDEX ix_schedule_fires_circuit_breaker ON schedule_fires (schedule_id, status, fired_at);
CREATE INDEX ix_schedule_fires_schedule_recent ON schedule_fires (schedule_id, fired_at);
CREATE TABLE schedule_fires_default PARTITION OF schedule_fires DEFAULT;

-- Fires that wait for an agent.
CREATE TABLE pending_fires (
    id             uuid         NOT NULL DEFAULT gen_random_uuid(),
    fire_id        uuid         NOT NULL,
    schedule_id    uuid         NOT NULL,
    project_id     uuid         NOT NULL,
    engine         varchar(40)  NOT NULL,
    payload        jsonb        NOT NULL,
    scheduled_for  timestamptz  NOT NULL,
    enqueued_at    timestamptz  NOT NULL,
    expires_at     timestamptz  NOT NULL,
    CONSTRAINT pk_pending_fires PRIMARY KEY (id),
    CONSTRAINT uq_pending_fires_fire_id UNIQUE (fire_id),
    CONSTRAINT fk_pending_fires_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT fk_pending_fires_schedule_id_schedules FOREIGN KEY (schedule_id)
        REFERENCES schedules(id) ON DELETE CASCADE
);
CREATE INDEX ix_pending_fires_expires ON pending_fires (expires_at);
CREATE INDEX ix_pending_fires_replay ON pending_fires (project_id, engine, scheduled_for);

-- One token bucket per scheduler certificate.
CREATE TABLE scheduler_rate_buckets (
    cert_cn            varchar(255)      NOT NULL,
    tokens             double precision  NOT NULL,
    last_refill        timestamptz       NOT NULL DEFAULT now(),
    capacity           double precision  NOT NULL,
    refill_per_second  double precision  NOT NULL,
    updated_at         timestamptz       NOT NULL DEFAULT now(),
    CONSTRAINT pk_scheduler_rate_buckets PRIMARY KEY (cert_cn)
);

-- Notifications, alerts, automation ------------------------------------------------------------------------

CREATE TABLE notification_channels (
    project_id  uuid          NOT NULL,
    name        varchar(200)  NOT NULL,
    type        varchar(20)   NOT NULL,
    config      jsonb         NOT NULL,
    is_active   boolean       NOT NULL,
    id          uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz   NOT NULL DEFAULT now(),
    updated_at  timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_notification_channels PRIMARY KEY (id),
    CONSTRAINT fk_notification_channels_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);

CREATE TABLE user_channels (
    user_id      uuid          NOT NULL,
    name         varchar(200)  NOT NULL,
    type         varchar(20)   NOT NULL,
    config       jsonb         NOT NULL,
    is_verified  boolean       NOT NULL,
    is_active    boolean       NOT NULL,
    id           uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at   timestamptz   NOT NULL DEFAULT now(),
    updated_at   timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_user_channels PRIMARY KEY (id),
    CONSTRAINT uq_user_channel_name UNIQUE (user_id, name),
    CONSTRAINT fk_user_channels_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE user_subscriptions (
    user_id              uuid         NOT NULL,
    project_id           uuid         NOT NULL,
    trigger              varchar(40)  NOT NULL,
    filters              jsonb        NOT NULL,
    in_app               boolean      NOT NULL,
    project_channel_ids  uuid[]       NOT NULL,
    user_channel_ids     uuid[]       NOT NULL,
    muted_until          timestamptz,
    cooldown_seconds     integer      NOT NULL,
    last_fired_at        timestamptz,
    is_active            boolean      NOT NULL,
    id                   uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at           timestamptz  NOT NULL DEFAULT now(),
    updated_at           timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_user_subscriptions PRIMARY KEY (id),
    CONSTRAINT uq_user_subscription_trigger UNIQUE (user_id, project_id, trigger),
    CONSTRAINT fk_user_subscriptions_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT fk_user_subscriptions_user_id_users FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE project_default_subscriptions (
    project_id           uuid         NOT NULL,
    trigger              varchar(40)  NOT NULL,
    filters              jsonb        NOT NULL,
    in_app               boolean      NOT NULL,
    project_channel_ids  uuid[]       NOT NULL,
    cooldown_seconds     integer      NOT NULL,
    id                   uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at           timestamptz  NOT NULL DEFAULT now(),
    updated_at           timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_project_default_subscriptions PRIMARY KEY (id),
    CONSTRAINT uq_project_default_subscription_trigger UNIQUE (project_id, trigger),
    CONSTRAINT fk_project_default_subscriptions_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);

CREATE TABLE user_notifications (
    user_id          uuid          NOT NULL,
    project_id       uuid          NOT NULL,
    subscription_id  uuid,
    trigger          varchar(40)   NOT NULL,
    reason           varchar(20)   NOT NULL,
    title            varchar(500)  NOT NULL,
    body             text,
    data             jsonb         NOT NULL,
    read_at          timestamptz,
    created_at       timestamptz   NOT NULL DEFAULT now(),
    id               uuid          NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT pk_user_notifications PRIMARY KEY (id),
    CONSTRAINT fk_user_notifications_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT fk_user_notifications_subscription_id_user_subscriptions FOREIGN KEY (subscription_id)
        REFERENCES user_subscriptions(id) ON DELETE SET NULL,
    CONSTRAINT fk_user_notifications_user_id_users FOREIGN KEY (user_id)
        REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE notification_deliveries (
    subscription_id       uuid,
    channel_id            uuid,
    user_channel_id       uuid,
    project_id            uuid         NOT NULL,
    trigger               varchar(40)  NOT NULL,
    task_id               varchar(200),
    task_name             varchar(500),
    status                varchar(20)  NOT NULL,
    response_code         integer,
    response_body         text,
    error                 text,
    channel_name          varchar(200),
    channel_type          varchar(20),
    sent_at               timestamptz  NOT NULL DEFAULT now(),
    triggered_by_user_id  uuid,
    id                    uuid         NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT pk_notification_deliveries PRIMARY KEY (id),
    CONSTRAINT fk_notification_deliveries_channel_id_notification_channels FOREIGN KEY (channel_id)
        REFERENCES notification_channels(id) ON DELETE SET NULL,
    CONSTRAINT fk_notification_deliveries_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT fk_notification_deliveries_subscription_id_user_subscriptions FOREIGN KEY (subscription_id)
        REFERENCES user_subscriptions(id) ON DELETE SET NULL,
    CONSTRAINT fk_notification_deliveries_triggered_by_user_id_users FOREIGN KEY (triggered_by_user_id)
        REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT fk_notification_deliveries_user_channel_id_user_channels FOREIGN KEY (user_channel_id)
        REFERENCES user_channels(id) ON DELETE SET NULL
);
CREATE INDEX ix_notification_deliveries_project_sent ON notification_deliveries (project_id, sent_at DESC);
CREATE INDEX ix_notification_deliveries_triggered_by_user ON notification_deliveries (triggered_by_user_id);

-- One row per alerted episode, so that an episode alerts once.
CREATE TABLE misfire_alerts (
    schedule_id  uuid         NOT NULL,
    anchor_at    timestamptz  NOT NULL,
    id           uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at   timestamptz  NOT NULL DEFAULT now(),
    updated_at   timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_misfire_alerts PRIMARY KEY (id),
    CONSTRAINT uq_misfire_alerts_schedule_anchor UNIQUE (schedule_id, anchor_at),
    CONSTRAINT fk_misfire_alerts_schedule_id_schedules FOREIGN KEY (schedule_id)
        REFERENCES schedules(id) ON DELETE CASCADE
);
CREATE INDEX ix_misfire_alerts_created ON misfire_alerts (created_at);

-- As `misfire_alerts`, for agents.
CREATE TABLE agent_offline_alerts (
    agent_id    uuid         NOT NULL,
    anchor_at   timestamptz  NOT NULL,
    id          uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at  timestamptz  NOT NULL DEFAULT now(),
    updated_at  timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_agent_offline_alerts PRIMARY KEY (id),
    CONSTRAINT uq_agent_offline_alerts_agent_anchor UNIQUE (agent_id, anchor_at),
    CONSTRAINT fk_agent_offline_alerts_agent_id_agents FOREIGN KEY (agent_id)
        REFERENCES agents(id) ON DELETE CASCADE
);
CREATE INDEX ix_agent_offline_alerts_created ON agent_offline_alerts (created_at);

CREATE TABLE automation_rules (
    project_id                 uuid          NOT NULL,
    name                       varchar(200)  NOT NULL,
    is_enabled                 boolean       NOT NULL DEFAULT true,
    dry_run                    boolean       NOT NULL DEFAULT false,
    trigger                    varchar(64)   NOT NULL,
    conditions                 jsonb         NOT NULL DEFAULT '{}',
    actions                    jsonb         NOT NULL DEFAULT '[]',
    max_executions_per_window  integer       NOT NULL DEFAULT 100,
    window_seconds             integer       NOT NULL DEFAULT 3600,
    cb_tripped                 boolean       NOT NULL DEFAULT false,
    cb_window_start            timestamptz,
    cb_execution_count         integer       NOT NULL DEFAULT 0,
    last_notify_at             timestamptz,
    created_by                 uuid,
    source_hash                varchar(128),
    id                         uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at                 timestamptz   NOT NULL DEFAULT now(),
    updated_at                 timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_automation_rules PRIMARY KEY (id),
    CONSTRAINT uq_automation_rules_project_name UNIQUE (project_id, name),
    CONSTRAINT fk_automation_rules_created_by_users FOREIGN KEY (created_by)
        REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT fk_automation_rules_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_automation_rules_project_trigger ON automation_rules (project_id, trigger, is_enabled);

CREATE TABLE automation_firing_outbox (
    project_id       uuid         NOT NULL,
    trigger          varchar(64)  NOT NULL,
    fields           jsonb        NOT NULL DEFAULT '{}',
    attempts         integer      NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz,
    id               uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at       timestamptz  NOT NULL DEFAULT now(),
    updated_at       timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_automation_firing_outbox PRIMARY KEY (id),
    CONSTRAINT fk_automation_firing_outbox_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE
);
CREATE INDEX ix_automation_firing_outbox_created ON automation_firing_outbox (created_at);
CREATE INDEX ix_automation_firing_outbox_project ON automation_firing_outbox (project_id);

-- Audit ----------------------------------------------------------------------------------------------------

-- The signed chain. `api_key_id` has no foreign key: the row outlives the key.
CREATE TABLE audit_log (
    project_id     uuid,
    user_id        uuid,
    api_key_id     uuid,
    action         varchar(80)  NOT NULL,
    target_type    varchar(40)  NOT NULL,
    target_id      varchar(200),
    result         varchar(20)  NOT NULL,
    metadata       jsonb        NOT NULL DEFAULT '{}',
    source_ip      inet,
    user_agent     text,
    occurred_at    timestamptz  NOT NULL DEFAULT now(),
    outcome        varchar(20),
    event_id       uuid,
    row_hmac       varchar(64),
    prev_row_hmac  varchar(64),
    id             uuid         NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT pk_audit_log PRIMARY KEY (id),
    CONSTRAINT fk_audit_log_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE SET NULL,
    CONSTRAINT fk_audit_log_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL
);
CREATE INDEX ix_audit_log_action_occurred ON audit_log (action, occurred_at);
CREATE INDEX ix_audit_log_api_key_id ON audit_log (api_key_id) WHERE api_key_id IS NOT NULL;
CREATE INDEX ix_audit_log_occurred_at ON audit_log (occurred_at);
CREATE INDEX ix_audit_log_project_occurred ON audit_log (project_id, occurred_at);
CREATE INDEX ix_audit_log_user_occurred ON audit_log (user_id, occurred_at);
CREATE UNIQUE INDEX ux_audit_log_prev_row_hmac ON audit_log (prev_row_hmac) WHERE prev_row_hmac IS NOT NULL;

-- Rows are never changed, and only the retention sweep deletes: it says so in a transaction-local setting.
-- The setting is a safety catch and no access control, since any session may set it.
CREATE FUNCTION audit_log_forbid_mutation() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('z4j.audit_sweep', true) IS NOT DISTINCT FROM 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_log is append-only';
END
$function$;
REVOKE ALL ON FUNCTION audit_log_forbid_mutation() FROM PUBLIC;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_forbid_mutation();
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_forbid_mutation();

-- Exports, flags, extensions -------------------------------------------------------------------------------

CREATE TABLE export_jobs (
    user_id       uuid         NOT NULL,
    project_id    uuid         NOT NULL,
    export_type   varchar(20)  NOT NULL,
    format        varchar(10)  NOT NULL,
    filters       jsonb        NOT NULL DEFAULT '{}',
    status        varchar(20)  NOT NULL DEFAULT 'pending',
    row_count     integer,
    file_path     varchar,
    error         varchar,
    completed_at  timestamptz,
    id            uuid         NOT NULL DEFAULT gen_random_uuid(),
    created_at    timestamptz  NOT NULL DEFAULT now(),
    updated_at    timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT pk_export_jobs PRIMARY KEY (id),
    CONSTRAINT fk_export_jobs_project_id_projects FOREIGN KEY (project_id)
        REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT fk_export_jobs_user_id_users FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

-- Reserved.
CREATE TABLE feature_flags (
    key          varchar(100)  NOT NULL,
    description  text          NOT NULL,
    enabled      boolean       NOT NULL DEFAULT false,
    value        text          NOT NULL,
    id           uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at   timestamptz   NOT NULL DEFAULT now(),
    updated_at   timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_feature_flags PRIMARY KEY (id),
    CONSTRAINT uq_feature_flags_key UNIQUE (key)
);

-- Reserved by z4j for extensions.
CREATE TABLE extension_store (
    key          varchar(200)  NOT NULL,
    value        jsonb         NOT NULL DEFAULT '{}',
    autoload     boolean       NOT NULL DEFAULT false,
    description  varchar,
    id           uuid          NOT NULL DEFAULT gen_random_uuid(),
    created_at   timestamptz   NOT NULL DEFAULT now(),
    updated_at   timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT pk_extension_store PRIMARY KEY (id),
    CONSTRAINT uq_extension_store_key UNIQUE (key)
);
CREATE INDEX ix_extension_store_autoload ON extension_store (autoload);

-- Daily partitions, see the head of this file --------------------------------------------------------------

-- {{daily partitions}}

-- The revision ---------------------------------------------------------------------------------------------

INSERT INTO alembic_version (version_num) VALUES ('v1_7_security_hardening');
