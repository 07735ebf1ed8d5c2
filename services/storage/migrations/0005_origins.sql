-- 0005_origins.sql
-- Why: a job is asked for by an interaction or by a reaction, which has no id. The column says which it was, instead of a
-- negative number.

ALTER TABLE jobs ALTER COLUMN origin TYPE text
    USING CASE WHEN origin < 0 THEN 'reaction:' || -origin ELSE 'interaction:' || origin END;
