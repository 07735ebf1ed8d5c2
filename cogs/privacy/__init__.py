"""/privacy: what is stored about a member, and deleting it."""
