"""/imagine: the command and its form."""
