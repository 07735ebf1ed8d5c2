-- Why: managers of a server can lock a preset's settings, so that members who use it can't override them.

ALTER TABLE presets
    ADD COLUMN locked text[] NOT NULL DEFAULT '{}';  -- names of settings, spelled as in request
