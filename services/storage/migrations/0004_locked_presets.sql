-- Why: who manages a server can fix settings of a preset, so that nobody who uses it types over them.

ALTER TABLE presets
    ADD COLUMN locked text[] NOT NULL DEFAULT '{}';  -- names of settings, as in request
