"""What members see on buttons and put under pictures."""

from __future__ import annotations

REROLL_EMOJI = "🔁"
#: sea green; one colour for all cards
COLOUR = 0x1F6F63
EMBEDDING_OPTIONS = ("embedding1", "embedding2", "embedding3")
