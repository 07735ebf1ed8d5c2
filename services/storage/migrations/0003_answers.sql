-- Why: a job is over when its member was answered, which a crash between its last state and the last word must not hide.
-- Units: upload_limit in bytes of one file.

ALTER TABLE jobs
    ADD COLUMN origin       bigint,       -- the interaction that asked: it asks once, however often its event comes
    ADD COLUMN upload_limit integer,      -- of the place where the answer goes
    ADD COLUMN sentence     text,         -- what the member is to read where there are no pictures
    ADD COLUMN answered_at  timestamptz;  -- when the member got pictures or the sentence

UPDATE jobs
   SET answered_at = coalesce(finished_at, asked_at)
 WHERE state NOT IN ('queued', 'running', 'rendered');

CREATE UNIQUE INDEX jobs_origin ON jobs (origin) WHERE origin IS NOT NULL;
DROP INDEX jobs_open;
CREATE INDEX jobs_open ON jobs (id) WHERE answered_at IS NULL;
