-- A brain database at the schema of z4j 1.7.0 (revision v1_7_security_hardening), SQLite.
--
-- Facts (names, types, defaults, constraints, indexes, column order) equal those of a database that
-- z4j 1.7.0 itself creates; migrations of later releases address them by name. Layout and comments are
-- ours; migrations/README.md says how the facts were compared.
--
-- Defaults look odd and are meant so: 'false' and 'true' are text to SQLite, and list columns default to
-- an object. Writers supply every column and never rely on them.
--
-- SQLite stores the text of a statement, and the migrations' toolkit finds constraint names in that text
-- with patterns that do not cross lines. So comments stand between statements and a constraint is one line.
--
-- Run in one transaction on an empty file, with foreign keys off. Two rows complete the database:
-- the revision (at the end of this file) and the first signed audit row, which the program adds.


-- Bookkeeping ----------------------------------------------------------------------------------------------

-- The schema revision: exactly one row.
CREATE TABLE alembic_version (
    version_num  VARCHAR(32)  NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Facts about the installation. The brain writes its own rows at its first start.
CREATE TABLE z4j_meta (
    "key"       VARCHAR(100)  NOT NULL,
    value       TEXT          NOT NULL,
    id          CHAR(32)      NOT NULL,
    created_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_z4j_meta PRIMARY KEY (id),
    CONSTRAINT uq_z4j_meta_key UNIQUE ("key")
);

-- People and their sign-in ---------------------------------------------------------------------------------

-- `email` holds the canonical form: case-folded, with an ASCII domain.
CREATE TABLE users (
    email                       TEXT         NOT NULL,
    password_hash               VARCHAR      NOT NULL,
    display_name                VARCHAR,
    first_name                  VARCHAR(100),
    last_name                   VARCHAR(100),
    is_admin                    BOOLEAN      DEFAULT 'false' NOT NULL,
    is_active                   BOOLEAN      DEFAULT 'true' NOT NULL,
    last_login_at               DATETIME,
    force_password_change       BOOLEAN      DEFAULT 'false' NOT NULL,
    timezone                    VARCHAR(64)  DEFAULT 'UTC' NOT NULL,
    failed_login_count          INTEGER      DEFAULT '0' NOT NULL,
    locked_until                DATETIME,
    last_failed_login_at        DATETIME,
    last_failed_login_ip        TEXT,
    password_changed_at         DATETIME,
    mfa_secret_encrypted        BLOB,
    mfa_enrolled_at             DATETIME,
    mfa_enforcement_started_at  DATETIME,
    failed_mfa_count            INTEGER      DEFAULT '0' NOT NULL,
    mfa_locked_until            DATETIME,
    last_totp_counter           BIGINT,
    avatar_url                  VARCHAR,
    external_id                 VARCHAR(255),
    sso_provider                VARCHAR(50),
    id                          CHAR(32)     NOT NULL,
    created_at                  DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at                  DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_email UNIQUE (email)
);
CREATE INDEX ix_users_active ON users (is_active);

-- Dashboard sessions.
CREATE TABLE sessions (
    id                   CHAR(32)     NOT NULL,
    user_id              CHAR(32)     NOT NULL,
    csrf_token           VARCHAR(64)  NOT NULL,
    issued_at            DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    expires_at           DATETIME     NOT NULL,
    last_seen_at         DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    revoked_at           DATETIME,
    revocation_reason    VARCHAR(40),
    ip_at_issue          TEXT         NOT NULL,
    user_agent_at_issue  VARCHAR(256),
    mfa_verified_at      DATETIME,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);

-- One row per recovery code, used or not.
CREATE TABLE mfa_recovery_codes (
    user_id      CHAR(32)  NOT NULL,
    code_hash    VARCHAR   NOT NULL,
    created_at   DATETIME  DEFAULT CURRENT_TIMESTAMP NOT NULL,
    consumed_at  DATETIME,
    id           CHAR(32)  NOT NULL,
    CONSTRAINT pk_mfa_recovery_codes PRIMARY KEY (id),
    CONSTRAINT fk_mfa_recovery_codes_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_mfa_recovery_codes_user_id ON mfa_recovery_codes (user_id);

-- Browsers that may skip the second factor until `expires_at`.
CREATE TABLE trusted_devices (
    user_id         CHAR(32)      NOT NULL,
    cookie_id_hash  VARCHAR(64)   NOT NULL,
    label           VARCHAR(200)  NOT NULL,
    created_at      DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    last_seen_at    DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    expires_at      DATETIME      NOT NULL,
    revoked_at      DATETIME,
    id              CHAR(32)      NOT NULL,
    CONSTRAINT pk_trusted_devices PRIMARY KEY (id),
    CONSTRAINT fk_trusted_devices_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uq_trusted_devices_cookie_id_hash UNIQUE (cookie_id_hash)
);
CREATE INDEX ix_trusted_devices_expires_at ON trusted_devices (expires_at);
CREATE INDEX ix_trusted_devices_user_id ON trusted_devices (user_id);

-- Used rows stay and carry `consumed_at`.
CREATE TABLE password_reset_tokens (
    user_id      CHAR(32)  NOT NULL,
    token_hash   VARCHAR   NOT NULL,
    expires_at   DATETIME  NOT NULL,
    consumed_at  DATETIME,
    created_at   DATETIME  DEFAULT CURRENT_TIMESTAMP NOT NULL,
    id           CHAR(32)  NOT NULL,
    CONSTRAINT pk_password_reset_tokens PRIMARY KEY (id),
    CONSTRAINT fk_password_reset_tokens_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- At most one row, while no user exists.
CREATE TABLE first_boot_tokens (
    token_hash  VARCHAR   NOT NULL,
    expires_at  DATETIME  NOT NULL,
    created_at  DATETIME  DEFAULT CURRENT_TIMESTAMP NOT NULL,
    id          CHAR(32)  NOT NULL,
    CONSTRAINT pk_first_boot_tokens PRIMARY KEY (id)
);

-- Reserved.
CREATE TABLE user_preferences (
    user_id     CHAR(32)      NOT NULL,
    "key"       VARCHAR(100)  NOT NULL,
    value       JSON          DEFAULT '{}' NOT NULL,
    id          CHAR(32)      NOT NULL,
    created_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_user_preferences PRIMARY KEY (id),
    CONSTRAINT uq_user_preferences_user_key UNIQUE (user_id, "key"),
    CONSTRAINT fk_user_preferences_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_user_preferences_user ON user_preferences (user_id);

-- Projects and who may enter them --------------------------------------------------------------------------

CREATE TABLE projects (
    slug                     VARCHAR(63)   NOT NULL,
    name                     VARCHAR(200)  NOT NULL,
    description              VARCHAR,
    environment              VARCHAR(40)   DEFAULT 'production' NOT NULL,
    timezone                 VARCHAR(64)   DEFAULT 'UTC' NOT NULL,
    is_active                BOOLEAN       DEFAULT 'true' NOT NULL,
    automation_enabled       BOOLEAN       DEFAULT 'true' NOT NULL,
    default_scheduler_owner  VARCHAR(64)   DEFAULT 'z4j-scheduler' NOT NULL,
    allowed_schedulers       JSON,
    settings                 JSON,
    organization_id          CHAR(32),
    id                       CHAR(32)      NOT NULL,
    created_at               DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at               DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_projects PRIMARY KEY (id),
    CONSTRAINT uq_projects_slug UNIQUE (slug)
);
CREATE INDEX ix_projects_active ON projects (is_active);

CREATE TABLE memberships (
    user_id     CHAR(32)    NOT NULL,
    project_id  CHAR(32)    NOT NULL,
    role        VARCHAR(8)  DEFAULT 'viewer' NOT NULL,
    id          CHAR(32)    NOT NULL,
    created_at  DATETIME    DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at  DATETIME    DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_memberships PRIMARY KEY (id),
    CONSTRAINT uq_memberships_user_project UNIQUE (user_id, project_id),
    CONSTRAINT fk_memberships_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_memberships_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_memberships_project_id ON memberships (project_id);
CREATE INDEX ix_memberships_user_id ON memberships (user_id);

-- `role` is plain text here, unlike `memberships.role`.
CREATE TABLE invitations (
    project_id           CHAR(32)      NOT NULL,
    email                VARCHAR(255)  NOT NULL,
    role                 VARCHAR(20)   NOT NULL,
    invited_by           CHAR(32),
    token_hash           VARCHAR       NOT NULL,
    expires_at           DATETIME      NOT NULL,
    accepted_at          DATETIME,
    accepted_by_user_id  CHAR(32),
    revoked_at           DATETIME,
    id                   CHAR(32)      NOT NULL,
    created_at           DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at           DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_invitations PRIMARY KEY (id),
    CONSTRAINT fk_invitations_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_invitations_invited_by_users FOREIGN KEY(invited_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT fk_invitations_accepted_by_user_id_users FOREIGN KEY(accepted_by_user_id) REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX ix_invitations_project_pending ON invitations (project_id, expires_at);
CREATE UNIQUE INDEX ix_invitations_token_hash ON invitations (token_hash);

CREATE TABLE api_keys (
    user_id         CHAR(32)      NOT NULL,
    name            VARCHAR(200)  NOT NULL,
    token_hash      VARCHAR       NOT NULL,
    prefix          VARCHAR(8)    NOT NULL,
    last_used_at    DATETIME,
    last_used_ip    VARCHAR,
    expires_at      DATETIME,
    revoked_at      DATETIME,
    revoked_reason  VARCHAR(200),
    scopes          JSON          DEFAULT '{}' NOT NULL,
    project_id      CHAR(32),
    id              CHAR(32)      NOT NULL,
    created_at      DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at      DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_api_keys PRIMARY KEY (id),
    CONSTRAINT fk_api_keys_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uq_api_keys_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_api_keys_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_api_keys_project_id ON api_keys (project_id);
CREATE INDEX ix_api_keys_token_hash ON api_keys (token_hash);
CREATE INDEX ix_api_keys_user_id ON api_keys (user_id);

-- Reserved.
CREATE TABLE project_config (
    project_id  CHAR(32)      NOT NULL,
    "key"       VARCHAR(200)  NOT NULL,
    value       JSON          DEFAULT '{}' NOT NULL,
    id          CHAR(32)      NOT NULL,
    created_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_project_config PRIMARY KEY (id),
    CONSTRAINT uq_project_config_project_key UNIQUE (project_id, "key"),
    CONSTRAINT fk_project_config_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_project_config_project ON project_config (project_id);

-- Reserved.
CREATE TABLE saved_views (
    user_id     CHAR(32)      NOT NULL,
    project_id  CHAR(32)      NOT NULL,
    name        VARCHAR(200)  NOT NULL,
    page        VARCHAR(50)   NOT NULL,
    filters     JSON          DEFAULT '{}' NOT NULL,
    is_default  BOOLEAN       DEFAULT 'false' NOT NULL,
    id          CHAR(32)      NOT NULL,
    created_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_saved_views PRIMARY KEY (id),
    CONSTRAINT fk_saved_views_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_saved_views_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

-- Agents, workers, queues ----------------------------------------------------------------------------------

CREATE TABLE agents (
    project_id          CHAR(32)      NOT NULL,
    name                VARCHAR(200)  NOT NULL,
    token_hash          VARCHAR       NOT NULL,
    protocol_version    VARCHAR(20)   NOT NULL,
    framework_adapter   VARCHAR(40)   NOT NULL,
    engine_adapters     JSON          DEFAULT '{}' NOT NULL,
    scheduler_adapters  JSON          DEFAULT '{}' NOT NULL,
    capabilities        JSON          DEFAULT '{}' NOT NULL,
    state               VARCHAR(7)    DEFAULT 'unknown' NOT NULL,
    last_seen_at        DATETIME,
    last_connect_at     DATETIME,
    metadata            JSON          DEFAULT '{}' NOT NULL,
    id                  CHAR(32)      NOT NULL,
    created_at          DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at          DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_agents PRIMARY KEY (id),
    CONSTRAINT uq_agents_project_name UNIQUE (project_id, name),
    CONSTRAINT fk_agents_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT uq_agents_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_agents_last_seen_at ON agents (last_seen_at);
CREATE INDEX ix_agents_project_state ON agents (project_id, state);

-- The processes behind an agent.
CREATE TABLE agent_workers (
    agent_id         CHAR(32)     NOT NULL,
    project_id       CHAR(32)     NOT NULL,
    worker_id        VARCHAR(128),
    role             VARCHAR(32),
    framework        VARCHAR(40),
    pid              INTEGER,
    started_at       DATETIME,
    state            VARCHAR(20)  DEFAULT 'online' NOT NULL,
    last_seen_at     DATETIME,
    last_connect_at  DATETIME,
    id               CHAR(32)     NOT NULL,
    created_at       DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at       DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_agent_workers PRIMARY KEY (id),
    CONSTRAINT uq_agent_workers_agent_worker UNIQUE (agent_id, worker_id),
    CONSTRAINT fk_agent_workers_agent_id_agents FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE,
    CONSTRAINT fk_agent_workers_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_agent_workers_agent_state ON agent_workers (agent_id, state);
CREATE INDEX ix_agent_workers_project_state ON agent_workers (project_id, state);

-- One row per status frame: the fastest-growing table.
CREATE TABLE agent_status_history (
    id           INTEGER   NOT NULL,
    project_id   CHAR(32)  NOT NULL,
    agent_id     CHAR(32)  NOT NULL,
    captured_at  DATETIME  NOT NULL,
    payload      JSON      DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_agent_status_history PRIMARY KEY (id),
    CONSTRAINT fk_agent_status_history_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_agent_status_history_agent_id_agents FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE
);
CREATE INDEX agent_status_history_agent_time_idx ON agent_status_history (agent_id, captured_at);
CREATE INDEX agent_status_history_project_time_idx ON agent_status_history (project_id, captured_at);

-- Workers as the task engine reports them.
CREATE TABLE workers (
    project_id      CHAR(32)      NOT NULL,
    engine          VARCHAR(40)   NOT NULL,
    name            VARCHAR(200)  NOT NULL,
    hostname        VARCHAR(255),
    pid             INTEGER,
    concurrency     INTEGER,
    queues          JSON          DEFAULT '{}' NOT NULL,
    state           VARCHAR(8)    DEFAULT 'unknown' NOT NULL,
    last_heartbeat  DATETIME,
    load_average    JSON,
    memory_bytes    BIGINT,
    active_tasks    INTEGER       DEFAULT '0' NOT NULL,
    metadata        JSON          DEFAULT '{}' NOT NULL,
    id              CHAR(32)      NOT NULL,
    created_at      DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at      DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_workers PRIMARY KEY (id),
    CONSTRAINT uq_workers_project_engine_name UNIQUE (project_id, engine, name),
    CONSTRAINT fk_workers_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_workers_project_state ON workers (project_id, state);

CREATE TABLE queues (
    project_id       CHAR(32)      NOT NULL,
    name             VARCHAR(200)  NOT NULL,
    engine           VARCHAR(40)   NOT NULL,
    broker_type      VARCHAR(40),
    broker_url_hint  VARCHAR,
    last_seen_at     DATETIME,
    pending_count    INTEGER       DEFAULT '0' NOT NULL,
    consumer_count   INTEGER       DEFAULT '0' NOT NULL,
    metadata         JSON          DEFAULT '{}' NOT NULL,
    id               CHAR(32)      NOT NULL,
    created_at       DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at       DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_queues PRIMARY KEY (id),
    CONSTRAINT uq_queues_project_engine_name UNIQUE (project_id, engine, name),
    CONSTRAINT fk_queues_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_queues_project_id ON queues (project_id);

-- Tasks, events, commands ----------------------------------------------------------------------------------

CREATE TABLE tasks (
    project_id      CHAR(32)      NOT NULL,
    engine          VARCHAR(40)   NOT NULL,
    task_id         VARCHAR(200)  NOT NULL,
    name            VARCHAR(500)  NOT NULL,
    queue           VARCHAR(200),
    state           VARCHAR(8)    DEFAULT 'pending' NOT NULL,
    priority        VARCHAR(8)    DEFAULT 'normal' NOT NULL,
    args            JSON,
    kwargs          JSON,
    result          JSON,
    exception       TEXT,
    traceback       TEXT,
    fingerprint     VARCHAR(32),
    last_failed_at  DATETIME,
    retry_count     INTEGER       DEFAULT '0' NOT NULL,
    eta             DATETIME,
    received_at     DATETIME,
    started_at      DATETIME,
    finished_at     DATETIME,
    runtime_ms      BIGINT,
    worker_name     VARCHAR(200),
    parent_task_id  VARCHAR(200),
    root_task_id    VARCHAR(200),
    tags            JSON          DEFAULT '{}' NOT NULL,
    metadata        JSON          DEFAULT '{}' NOT NULL,
    search_vector   TEXT,
    id              CHAR(32)      NOT NULL,
    created_at      DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at      DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_tasks PRIMARY KEY (id),
    CONSTRAINT uq_tasks_project_engine_task_id UNIQUE (project_id, engine, task_id),
    CONSTRAINT fk_tasks_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_tasks_project_fingerprint ON tasks (project_id, fingerprint);
CREATE INDEX ix_tasks_project_finished ON tasks (project_id, finished_at);
CREATE INDEX ix_tasks_project_name ON tasks (project_id, name);
CREATE INDEX ix_tasks_project_queue ON tasks (project_id, queue);
CREATE INDEX ix_tasks_project_state_started ON tasks (project_id, state, started_at);

-- Reserved.
CREATE TABLE task_annotations (
    task_id          CHAR(32)     NOT NULL,
    user_id          CHAR(32)     NOT NULL,
    content          TEXT         NOT NULL,
    annotation_type  VARCHAR(20)  DEFAULT 'note' NOT NULL,
    id               CHAR(32)     NOT NULL,
    created_at       DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at       DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_task_annotations PRIMARY KEY (id),
    CONSTRAINT fk_task_annotations_task_id_tasks FOREIGN KEY(task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    CONSTRAINT fk_task_annotations_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE events (
    id           CHAR(32)      NOT NULL,
    project_id   CHAR(32)      NOT NULL,
    agent_id     CHAR(32)      NOT NULL,
    engine       VARCHAR(40)   NOT NULL,
    task_id      VARCHAR(200)  DEFAULT '' NOT NULL,
    kind         VARCHAR(80)   NOT NULL,
    occurred_at  DATETIME      NOT NULL,
    payload      JSON          DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (project_id, occurred_at, id),
    CONSTRAINT fk_events_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE RESTRICT,
    CONSTRAINT fk_events_agent_id_agents FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE RESTRICT
);
CREATE INDEX ix_events_project_kind ON events (project_id, kind, occurred_at);
CREATE INDEX ix_events_project_task ON events (project_id, task_id, occurred_at);

-- What the brain asks an agent to do.
CREATE TABLE commands (
    project_id       CHAR(32)     NOT NULL,
    issued_by        CHAR(32),
    agent_id         CHAR(32),
    action           VARCHAR(80)  NOT NULL,
    target_type      VARCHAR(40)  NOT NULL,
    target_id        VARCHAR(200),
    payload          JSON         DEFAULT '{}' NOT NULL,
    idempotency_key  VARCHAR(200),
    status           VARCHAR(10)  DEFAULT 'pending' NOT NULL,
    result           JSON,
    error            TEXT,
    issued_at        DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    dispatched_at    DATETIME,
    completed_at     DATETIME,
    timeout_at       DATETIME     NOT NULL,
    source_ip        TEXT,
    id               CHAR(32)     NOT NULL,
    CONSTRAINT pk_commands PRIMARY KEY (id),
    CONSTRAINT uq_commands_project_idempotency_key UNIQUE (project_id, idempotency_key),
    CONSTRAINT fk_commands_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_commands_issued_by_users FOREIGN KEY(issued_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT fk_commands_agent_id_agents FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE SET NULL
);
CREATE INDEX ix_commands_issued_by_at ON commands (issued_by, issued_at);
CREATE INDEX ix_commands_project_status_issued ON commands (project_id, status, issued_at);
CREATE INDEX ix_commands_timeout_at ON commands (timeout_at);

-- Schedules ------------------------------------------------------------------------------------------------

CREATE TABLE schedules (
    project_id    CHAR(32)      NOT NULL,
    engine        VARCHAR(40)   NOT NULL,
    scheduler     VARCHAR(40)   NOT NULL,
    name          VARCHAR(200)  NOT NULL,
    task_name     VARCHAR(500)  NOT NULL,
    kind          VARCHAR(8)    NOT NULL,
    expression    VARCHAR       NOT NULL,
    timezone      VARCHAR(64)   DEFAULT 'UTC' NOT NULL,
    queue         VARCHAR(200),
    priority      VARCHAR(8)    DEFAULT 'normal' NOT NULL,
    args          JSON          DEFAULT '[]' NOT NULL,
    kwargs        JSON          DEFAULT '{}' NOT NULL,
    is_enabled    BOOLEAN       DEFAULT 'true' NOT NULL,
    last_run_at   DATETIME,
    next_run_at   DATETIME,
    total_runs    BIGINT        DEFAULT '0' NOT NULL,
    external_id   VARCHAR(200),
    catch_up      VARCHAR(32)   DEFAULT 'skip' NOT NULL,
    source        VARCHAR(64)   DEFAULT 'dashboard' NOT NULL,
    source_hash   VARCHAR(128),
    last_fire_id  CHAR(32),
    id            CHAR(32)      NOT NULL,
    created_at    DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at    DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_schedules PRIMARY KEY (id),
    CONSTRAINT uq_schedules_project_scheduler_name UNIQUE (project_id, scheduler, name),
    CONSTRAINT fk_schedules_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_schedules_project_id ON schedules (project_id);

CREATE TABLE schedule_fires (
    id                    CHAR(32)     NOT NULL,
    fire_id               CHAR(32)     NOT NULL,
    schedule_id           CHAR(32)     NOT NULL,
    project_id            CHAR(32)     NOT NULL,
    command_id            CHAR(32),
    triggered_by_user_id  CHAR(32),
    status                VARCHAR(32)  NOT NULL,
    scheduled_for         DATETIME     NOT NULL,
    fired_at              DATETIME     NOT NULL,
    acked_at              DATETIME,
    latency_ms            INTEGER,
    error_code            VARCHAR(64),
    error_message         VARCHAR(2000),
    CONSTRAINT pk_schedule_fires PRIMARY KEY (id),
    CONSTRAINT uq_schedule_fires_fire_id UNIQUE (fire_id),
    CONSTRAINT fk_schedule_fires_schedule_id_schedules FOREIGN KEY(schedule_id) REFERENCES schedules (id) ON DELETE CASCADE,
    CONSTRAINT fk_schedule_fires_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_schedule_fires_command_id_commands FOREIGN KEY(command_id) REFERENCES commands (id) ON DELETE SET NULL,
    CONSTRAINT fk_schedule_fires_triggered_by_user_id_users FOREIGN KEY(triggered_by_user_id) REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX ix_schedule_fires_circuit_breaker ON schedule_fires (schedule_id, status, fired_at);
CREATE INDEX ix_schedule_fires_schedule_recent ON schedule_fires (schedule_id, fired_at);

-- Fires that wait for an agent.
CREATE TABLE pending_fires (
    id             CHAR(32)     NOT NULL,
    fire_id        CHAR(32)     NOT NULL,
    schedule_id    CHAR(32)     NOT NULL,
    project_id     CHAR(32)     NOT NULL,
    engine         VARCHAR(40)  NOT NULL,
    payload        JSON         NOT NULL,
    scheduled_for  DATETIME     NOT NULL,
    enqueued_at    DATETIME     NOT NULL,
    expires_at     DATETIME     NOT NULL,
    CONSTRAINT pk_pending_fires PRIMARY KEY (id),
    CONSTRAINT uq_pending_fires_fire_id UNIQUE (fire_id),
    CONSTRAINT fk_pending_fires_schedule_id_schedules FOREIGN KEY(schedule_id) REFERENCES schedules (id) ON DELETE CASCADE,
    CONSTRAINT fk_pending_fires_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_pending_fires_expires ON pending_fires (expires_at);
CREATE INDEX ix_pending_fires_replay ON pending_fires (project_id, engine, scheduled_for);

-- One token bucket per scheduler certificate.
CREATE TABLE scheduler_rate_buckets (
    cert_cn            VARCHAR(255)  NOT NULL,
    tokens             FLOAT         NOT NULL,
    last_refill        DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    capacity           FLOAT         NOT NULL,
    refill_per_second  FLOAT         NOT NULL,
    updated_at         DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_scheduler_rate_buckets PRIMARY KEY (cert_cn)
);

-- Notifications, alerts, automation ------------------------------------------------------------------------

CREATE TABLE notification_channels (
    project_id  CHAR(32)      NOT NULL,
    name        VARCHAR(200)  NOT NULL,
    type        VARCHAR(20)   NOT NULL,
    config      JSON          NOT NULL,
    is_active   BOOLEAN       NOT NULL,
    id          CHAR(32)      NOT NULL,
    created_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at  DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_notification_channels PRIMARY KEY (id),
    CONSTRAINT fk_notification_channels_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE user_channels (
    user_id      CHAR(32)      NOT NULL,
    name         VARCHAR(200)  NOT NULL,
    type         VARCHAR(20)   NOT NULL,
    config       JSON          NOT NULL,
    is_verified  BOOLEAN       NOT NULL,
    is_active    BOOLEAN       NOT NULL,
    id           CHAR(32)      NOT NULL,
    created_at   DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at   DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_user_channels PRIMARY KEY (id),
    CONSTRAINT uq_user_channel_name UNIQUE (user_id, name),
    CONSTRAINT fk_user_channels_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE user_subscriptions (
    user_id              CHAR(32)     NOT NULL,
    project_id           CHAR(32)     NOT NULL,
    "trigger"            VARCHAR(40)  NOT NULL,
    filters              JSON         NOT NULL,
    in_app               BOOLEAN      NOT NULL,
    project_channel_ids  JSON         NOT NULL,
    user_channel_ids     JSON         NOT NULL,
    muted_until          DATETIME,
    cooldown_seconds     INTEGER      NOT NULL,
    last_fired_at        DATETIME,
    is_active            BOOLEAN      NOT NULL,
    id                   CHAR(32)     NOT NULL,
    created_at           DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at           DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_user_subscriptions PRIMARY KEY (id),
    CONSTRAINT uq_user_subscription_trigger UNIQUE (user_id, project_id, "trigger"),
    CONSTRAINT fk_user_subscriptions_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_subscriptions_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE project_default_subscriptions (
    project_id           CHAR(32)     NOT NULL,
    "trigger"            VARCHAR(40)  NOT NULL,
    filters              JSON         NOT NULL,
    in_app               BOOLEAN      NOT NULL,
    project_channel_ids  JSON         NOT NULL,
    cooldown_seconds     INTEGER      NOT NULL,
    id                   CHAR(32)     NOT NULL,
    created_at           DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at           DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_project_default_subscriptions PRIMARY KEY (id),
    CONSTRAINT uq_project_default_subscription_trigger UNIQUE (project_id, "trigger"),
    CONSTRAINT fk_project_default_subscriptions_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE user_notifications (
    user_id          CHAR(32)      NOT NULL,
    project_id       CHAR(32)      NOT NULL,
    subscription_id  CHAR(32),
    "trigger"        VARCHAR(40)   NOT NULL,
    reason           VARCHAR(20)   NOT NULL,
    title            VARCHAR(500)  NOT NULL,
    body             TEXT,
    data             JSON          NOT NULL,
    read_at          DATETIME,
    created_at       DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    id               CHAR(32)      NOT NULL,
    CONSTRAINT pk_user_notifications PRIMARY KEY (id),
    CONSTRAINT fk_user_notifications_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_notifications_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_notifications_subscription_id_user_subscriptions FOREIGN KEY(subscription_id) REFERENCES user_subscriptions (id) ON DELETE SET NULL
);

CREATE TABLE notification_deliveries (
    subscription_id       CHAR(32),
    channel_id            CHAR(32),
    user_channel_id       CHAR(32),
    project_id            CHAR(32)     NOT NULL,
    "trigger"             VARCHAR(40)  NOT NULL,
    task_id               VARCHAR(200),
    task_name             VARCHAR(500),
    status                VARCHAR(20)  NOT NULL,
    response_code         INTEGER,
    response_body         TEXT,
    error                 TEXT,
    channel_name          VARCHAR(200),
    channel_type          VARCHAR(20),
    sent_at               DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    triggered_by_user_id  CHAR(32),
    id                    CHAR(32)     NOT NULL,
    CONSTRAINT pk_notification_deliveries PRIMARY KEY (id),
    CONSTRAINT fk_notification_deliveries_subscription_id_user_subscriptions FOREIGN KEY(subscription_id) REFERENCES user_subscriptions (id) ON DELETE SET NULL,
    CONSTRAINT fk_notification_deliveries_channel_id_notification_channels FOREIGN KEY(channel_id) REFERENCES notification_channels (id) ON DELETE SET NULL,
    CONSTRAINT fk_notification_deliveries_user_channel_id_user_channels FOREIGN KEY(user_channel_id) REFERENCES user_channels (id) ON DELETE SET NULL,
    CONSTRAINT fk_notification_deliveries_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_notification_deliveries_triggered_by_user_id_users FOREIGN KEY(triggered_by_user_id) REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX ix_notification_deliveries_project_sent ON notification_deliveries (project_id, sent_at DESC);
CREATE INDEX ix_notification_deliveries_triggered_by_user ON notification_deliveries (triggered_by_user_id);

-- One row per alerted episode, so that an episode alerts once.
CREATE TABLE misfire_alerts (
    schedule_id  CHAR(32)  NOT NULL,
    anchor_at    DATETIME  NOT NULL,
    id           CHAR(32)  NOT NULL,
    created_at   DATETIME  DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at   DATETIME  DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_misfire_alerts PRIMARY KEY (id),
    CONSTRAINT uq_misfire_alerts_schedule_anchor UNIQUE (schedule_id, anchor_at),
    CONSTRAINT fk_misfire_alerts_schedule_id_schedules FOREIGN KEY(schedule_id) REFERENCES schedules (id) ON DELETE CASCADE
);
CREATE INDEX ix_misfire_alerts_created ON misfire_alerts (created_at);

-- As `misfire_alerts`, for agents.
CREATE TABLE agent_offline_alerts (
    agent_id    CHAR(32)  NOT NULL,
    anchor_at   DATETIME  NOT NULL,
    id          CHAR(32)  NOT NULL,
    created_at  DATETIME  DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at  DATETIME  DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_agent_offline_alerts PRIMARY KEY (id),
    CONSTRAINT uq_agent_offline_alerts_agent_anchor UNIQUE (agent_id, anchor_at),
    CONSTRAINT fk_agent_offline_alerts_agent_id_agents FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE
);
CREATE INDEX ix_agent_offline_alerts_created ON agent_offline_alerts (created_at);

CREATE TABLE automation_rules (
    project_id                 CHAR(32)      NOT NULL,
    name                       VARCHAR(200)  NOT NULL,
    is_enabled                 BOOLEAN       DEFAULT 'true' NOT NULL,
    dry_run                    BOOLEAN       DEFAULT 'false' NOT NULL,
    "trigger"                  VARCHAR(64)   NOT NULL,
    conditions                 JSON          DEFAULT '{}' NOT NULL,
    actions                    JSON          DEFAULT '[]' NOT NULL,
    max_executions_per_window  INTEGER       DEFAULT '100' NOT NULL,
    window_seconds             INTEGER       DEFAULT '3600' NOT NULL,
    cb_tripped                 BOOLEAN       DEFAULT 'false' NOT NULL,
    cb_window_start            DATETIME,
    cb_execution_count         INTEGER       DEFAULT '0' NOT NULL,
    last_notify_at             DATETIME,
    created_by                 CHAR(32),
    source_hash                VARCHAR(128),
    id                         CHAR(32)      NOT NULL,
    created_at                 DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at                 DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_automation_rules PRIMARY KEY (id),
    CONSTRAINT uq_automation_rules_project_name UNIQUE (project_id, name),
    CONSTRAINT fk_automation_rules_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_automation_rules_created_by_users FOREIGN KEY(created_by) REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX ix_automation_rules_project_trigger ON automation_rules (project_id, "trigger", is_enabled);

CREATE TABLE automation_firing_outbox (
    project_id       CHAR(32)     NOT NULL,
    "trigger"        VARCHAR(64)  NOT NULL,
    fields           JSON         DEFAULT '{}' NOT NULL,
    attempts         INTEGER      DEFAULT '0' NOT NULL,
    next_attempt_at  DATETIME,
    id               CHAR(32)     NOT NULL,
    created_at       DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at       DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_automation_firing_outbox PRIMARY KEY (id),
    CONSTRAINT fk_automation_firing_outbox_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX ix_automation_firing_outbox_created ON automation_firing_outbox (created_at);
CREATE INDEX ix_automation_firing_outbox_project ON automation_firing_outbox (project_id);

-- Audit ----------------------------------------------------------------------------------------------------

-- The signed chain. `api_key_id` has no foreign key: the row outlives the key.
CREATE TABLE audit_log (
    project_id     CHAR(32),
    user_id        CHAR(32),
    api_key_id     CHAR(32),
    action         VARCHAR(80)  NOT NULL,
    target_type    VARCHAR(40)  NOT NULL,
    target_id      VARCHAR(200),
    result         VARCHAR(20)  NOT NULL,
    metadata       JSON         DEFAULT '{}' NOT NULL,
    source_ip      TEXT,
    user_agent     TEXT,
    occurred_at    DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    outcome        VARCHAR(20),
    event_id       CHAR(32),
    row_hmac       VARCHAR(64),
    prev_row_hmac  VARCHAR(64),
    id             CHAR(32)     NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (id),
    CONSTRAINT fk_audit_log_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE SET NULL,
    CONSTRAINT fk_audit_log_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX ix_audit_log_action_occurred ON audit_log (action, occurred_at);
CREATE INDEX ix_audit_log_api_key_id ON audit_log (api_key_id) WHERE api_key_id IS NOT NULL;
CREATE INDEX ix_audit_log_occurred_at ON audit_log (occurred_at);
CREATE INDEX ix_audit_log_project_occurred ON audit_log (project_id, occurred_at);
CREATE INDEX ix_audit_log_user_occurred ON audit_log (user_id, occurred_at);
CREATE UNIQUE INDEX ux_audit_log_prev_row_hmac ON audit_log (prev_row_hmac) WHERE prev_row_hmac IS NOT NULL;

-- Exports, flags, extensions -------------------------------------------------------------------------------

CREATE TABLE export_jobs (
    user_id       CHAR(32)     NOT NULL,
    project_id    CHAR(32)     NOT NULL,
    export_type   VARCHAR(20)  NOT NULL,
    format        VARCHAR(10)  NOT NULL,
    filters       JSON         DEFAULT '{}' NOT NULL,
    status        VARCHAR(20)  DEFAULT 'pending' NOT NULL,
    row_count     INTEGER,
    file_path     VARCHAR,
    error         VARCHAR,
    completed_at  DATETIME,
    id            CHAR(32)     NOT NULL,
    created_at    DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at    DATETIME     DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_export_jobs PRIMARY KEY (id),
    CONSTRAINT fk_export_jobs_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_export_jobs_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

-- Reserved.
CREATE TABLE feature_flags (
    "key"        VARCHAR(100)  NOT NULL,
    description  TEXT          NOT NULL,
    enabled      BOOLEAN       DEFAULT 'false' NOT NULL,
    value        TEXT          NOT NULL,
    id           CHAR(32)      NOT NULL,
    created_at   DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at   DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_feature_flags PRIMARY KEY (id),
    CONSTRAINT uq_feature_flags_key UNIQUE ("key")
);

-- Reserved by z4j for extensions.
CREATE TABLE extension_store (
    "key"        VARCHAR(200)  NOT NULL,
    value        JSON          DEFAULT '{}' NOT NULL,
    autoload     BOOLEAN       DEFAULT 'false' NOT NULL,
    description  VARCHAR,
    id           CHAR(32)      NOT NULL,
    created_at   DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at   DATETIME      DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT pk_extension_store PRIMARY KEY (id),
    CONSTRAINT uq_extension_store_key UNIQUE ("key")
);
CREATE INDEX ix_extension_store_autoload ON extension_store (autoload);

-- The revision ---------------------------------------------------------------------------------------------

INSERT INTO alembic_version (version_num) VALUES ('v1_7_security_hardening');
