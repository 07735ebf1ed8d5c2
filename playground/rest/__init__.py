"""The REST interface, with its rate limits, its faults on request, and the check against Discord's specification."""
