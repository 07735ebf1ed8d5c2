"""Discord's JSON, written from the world and read into what a person sees."""
