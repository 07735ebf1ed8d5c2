-- Why: a job is finished once its member was answered. A crash between the final state and the answer must not lose the answer.
-- Units: upload_limit is in bytes per file.

ALTER TABLE jobs
    ADD COLUMN origin       bigint,       -- the interaction that asked; it makes one job, however often its event arrives
    ADD COLUMN upload_limit integer,      -- in the channel where the answer goes
    ADD COLUMN sentence     text,         -- what the member reads when there are no pictures
    ADD COLUMN answered_at  timestamptz;  -- when the member got the pictures or the sentence

UPDATE jobs
   SET answered_at = coalesce(finished_at, asked_at)
 WHERE state NOT IN ('queued', 'running', 'rendered');

CREATE UNIQUE INDEX jobs_origin ON jobs (origin) WHERE origin IS NOT NULL;
DROP INDEX jobs_open;
CREATE INDEX jobs_open ON jobs (id) WHERE answered_at IS NULL;
