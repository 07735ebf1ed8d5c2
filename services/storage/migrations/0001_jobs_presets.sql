-- Why: requests must survive the process, and each server has presets of its own.
-- Units: ids are Discord snowflakes unless noted otherwise; seconds are wall-clock time on the GPU.

CREATE TABLE vectors (
    content_hash text  PRIMARY KEY,  -- sha256 of the vectors alone: embeddings.Embedding.content_hash
    data         bytea NOT NULL      -- safetensors, one tensor per text encoder; rerolls don't need the installed file
);

CREATE TABLE jobs (
    id                bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    state             text        NOT NULL DEFAULT 'queued'
                                  CHECK (state IN ('queued', 'running', 'rendered', 'delivered', 'failed', 'cancelled',
                                                   'undeliverable', 'deleted')),
    parameters        jsonb       NOT NULL,
    parent_id         bigint      REFERENCES jobs (id),
    guild_id          bigint,
    channel_id        bigint      NOT NULL,
    member_id         bigint      NOT NULL,
    application_id    bigint,
    interaction_token text,
    reply_id          bigint,     -- the message that shows the place in line and becomes the answer
    refers_to         bigint,     -- the message that was reacted to
    message_id        bigint,     -- the message with the pictures
    hints             text[]      NOT NULL DEFAULT '{}',
    pictures          text[]      NOT NULL DEFAULT '{}',
    attempts          integer     NOT NULL DEFAULT 0,
    error             text,
    seconds           double precision,
    asked_at          timestamptz NOT NULL DEFAULT now(),
    started_at        timestamptz,
    heartbeat_at      timestamptz,
    finished_at       timestamptz
);

CREATE INDEX jobs_open ON jobs (id) WHERE state IN ('queued', 'running', 'rendered');
CREATE UNIQUE INDEX jobs_message ON jobs (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE presets (
    guild_id   bigint      NOT NULL,
    name       text        NOT NULL,
    request    jsonb       NOT NULL,  -- a partial GenerationRequest
    author_id  bigint      NOT NULL,
    uses       integer     NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guild_id, name)
);

CREATE UNIQUE INDEX presets_name ON presets (guild_id, lower(name));

CREATE TABLE default_presets (
    guild_id   bigint NOT NULL,
    channel_id bigint NOT NULL DEFAULT 0,  -- 0 means the whole server
    name       text   NOT NULL,
    PRIMARY KEY (guild_id, channel_id),
    FOREIGN KEY (guild_id, name) REFERENCES presets ON DELETE CASCADE ON UPDATE CASCADE
);
