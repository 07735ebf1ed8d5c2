-- Why: a job comes from an interaction or from a reaction, which has no id. The column says which it was, instead of
-- telling reactions apart by a negative number.

ALTER TABLE jobs ALTER COLUMN origin TYPE text
    USING CASE WHEN origin < 0 THEN 'reaction:' || -origin ELSE 'interaction:' || origin END;
