"""Plans in, pictures out. `process` is the parent's side; everything that uses torch runs in the child process."""
