"""/preset: saved settings of a server."""
