"""The line of jobs: admission, fair order, the worker, and upkeep."""
