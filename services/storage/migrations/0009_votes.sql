-- Why: members say which column of a comparison they like best, and a server's own order of embeddings follows from it.

-- one vote for each member and comparison, which can be changed
CREATE TABLE votes (
    job_id     bigint      NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    member_id  bigint      NOT NULL,
    -- counted from 0
    column_at  smallint    NOT NULL,
    voted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, member_id)
);

-- for /privacy
CREATE INDEX votes_member ON votes (member_id);
