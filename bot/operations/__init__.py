"""What an operator sees of the running bot: metrics, probes, logs and messages."""
