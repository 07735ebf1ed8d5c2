"""What autocomplete and browsing offer."""
