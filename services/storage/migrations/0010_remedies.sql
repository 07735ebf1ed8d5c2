-- Why: a button does what a refusal or a hint advises, also after a restart.

-- of the first hint: what its button says, and the settings that it changes
ALTER TABLE jobs ADD COLUMN remedy jsonb;

-- refused requests with the remedy in them; only their members have the button
CREATE TABLE drafts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id  bigint      NOT NULL,
    -- the request, its preset, and for /compare its rows and whether it is blind
    draft      jsonb       NOT NULL,
    kept_at    timestamptz NOT NULL DEFAULT now()
);

-- for /privacy
CREATE INDEX drafts_member ON drafts (member_id);
