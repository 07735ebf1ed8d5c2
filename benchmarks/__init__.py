"""Benchmarks: ratios of two measurements from the same run, so that they don't depend on the machine."""
