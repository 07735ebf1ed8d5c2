"""Discord's edge: interactions in, service calls, replies out."""
