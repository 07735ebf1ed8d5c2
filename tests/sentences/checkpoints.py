"""What members and operators read about models and samplers."""

from __future__ import annotations

UNKNOWN_MODEL = "There's no model '{name}' here. Installed:"
NOT_INSTALLED = "{model} isn't installed here"
ASK_THE_OPERATOR = "The bot's operator can install it"
UNKNOWN_SAMPLER = "There's no sampler '{name}'. Did you mean"
#: the sides that a model accepts
SIDES = "{model} takes sides from {low} to {high} pixels"
