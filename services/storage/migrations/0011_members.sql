-- Why: members have their own defaults and favourites, and pictures that enough of them like go to a gallery.

CREATE TABLE member_defaults (
    member_id  bigint PRIMARY KEY,
    -- a partial request
    request    jsonb   NOT NULL,
    -- whether their pictures are shown to them alone
    is_private boolean NOT NULL
);

ALTER TABLE jobs ADD COLUMN is_private boolean NOT NULL DEFAULT false;

-- pictures that members keep, by the reaction under them
CREATE TABLE favourites (
    job_id    bigint      NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    member_id bigint      NOT NULL,
    kept_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, member_id)
);

-- for a member's own list
CREATE INDEX favourites_member ON favourites (member_id, kept_at DESC);

-- jobs that are in their server's gallery; written before the message, so that there is one at most
CREATE TABLE gallery (
    job_id     bigint      PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    message_id bigint,
    posted_at  timestamptz NOT NULL DEFAULT now()
);
