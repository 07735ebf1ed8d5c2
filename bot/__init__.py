"""The process: settings, composition root, client, delivery, command line."""
