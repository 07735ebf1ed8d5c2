"""What members see on buttons and put under pictures."""

from __future__ import annotations

REROLL_EMOJI = "🔁"
#: the blue of a clear evening; one colour for all cards
COLOUR = 0x5B6EE1
EMBEDDING_OPTIONS = ("embedding1", "embedding2", "embedding3")
