-- Why: the owner of each server decides what may be drawn in it, and the operators for the whole bot.

CREATE TABLE policies (
    guild_id   bigint PRIMARY KEY,  -- Discord's; 0 for the whole bot
    policy     jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX jobs_member_lately ON jobs (member_id, guild_id, asked_at);  -- how many a member asked for in an hour
DROP INDEX jobs_member;  -- the start of the new one
