"""How answers travel: delivery, replies, channels, cards, buttons, reactions."""
