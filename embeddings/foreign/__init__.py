"""Read other programs' embedding files without running anything they contain."""
