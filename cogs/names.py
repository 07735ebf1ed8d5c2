"""How the bot looks: what is on its buttons and beside its cards."""

from __future__ import annotations

REROLL_EMOJI = "🔁"
#: keeps a picture among one's favourites; Discord writes it with and without the sign for colour
HEARTS = ("❤️", "❤")
#: sea green; the same colour for all cards
COLOUR = 0x1F6F63
