"""What is measured, and against what: ratios of two things taken in one run, never seconds of one machine."""
