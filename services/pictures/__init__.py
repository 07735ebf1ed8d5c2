"""Pictures on disk, and their size for upload."""
