"""What members set for themselves, and what they keep."""
