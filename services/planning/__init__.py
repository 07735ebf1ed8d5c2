"""From a request to a plan: every choice made and checked."""
