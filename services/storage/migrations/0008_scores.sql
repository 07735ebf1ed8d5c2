-- Why: a server may hide pictures that the classifier takes for unsafe, by settings that can change before they are sent.

-- how likely each picture is not safe for work, in the order of their seeds; empty where no classifier is installed
ALTER TABLE jobs ADD COLUMN scores real[] NOT NULL DEFAULT '{}';
