"""What the bot does: plans, queue, worker, presets. Knows no Discord."""
