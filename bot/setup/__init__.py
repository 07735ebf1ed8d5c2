"""`python -m bot setup`: from nothing, or from another program's folders, to a bot that can be invited."""
