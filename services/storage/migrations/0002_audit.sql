-- Why: installing or removing an embedding affects every server that uses this bot, so we record who did it.

CREATE TABLE audit (
    id        bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at        timestamptz NOT NULL DEFAULT now(),
    guild_id  bigint,
    member_id bigint      NOT NULL,
    action    text        NOT NULL,  -- "install", "remove"
    subject   text        NOT NULL,  -- the embedding's id
    detail    jsonb       NOT NULL DEFAULT '{}'
);
