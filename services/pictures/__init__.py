"""Pictures on disk, and as they are uploaded."""
