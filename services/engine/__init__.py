"""Plans in, pictures out. The parent's side is `process`; everything with torch runs in the child."""
