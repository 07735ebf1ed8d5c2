"""The process: settings, composition root, client and command line."""
