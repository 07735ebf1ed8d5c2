"""The gateway's websockets."""
