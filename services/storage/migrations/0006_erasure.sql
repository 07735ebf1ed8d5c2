-- Why: members can have what is stored about them deleted, and old rows lose what members wrote.

ALTER TABLE jobs
    ADD COLUMN erase boolean NOT NULL DEFAULT false,  -- delete the row as soon as its member is answered
    DROP CONSTRAINT jobs_parent_id_fkey,
    ADD CONSTRAINT jobs_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES jobs (id) ON DELETE SET NULL;

-- vectors that no row needs are deleted, but not while a request that uses them is being stored
ALTER TABLE vectors ADD COLUMN used_at timestamptz NOT NULL DEFAULT now();

CREATE INDEX jobs_member ON jobs (member_id);
CREATE INDEX jobs_parent ON jobs (parent_id) WHERE parent_id IS NOT NULL;  -- or each deletion would read the whole table
CREATE INDEX jobs_pictures ON jobs USING gin (pictures);
