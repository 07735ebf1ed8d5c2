"""What members and operators read about models and samplers."""

from __future__ import annotations

UNKNOWN_MODEL = "There's no model '{}' here. Installed: demo"
NOT_INSTALLED = "{} isn't installed here"
HOW_TO_INSTALL = "The bot's operator can download it with `python -m bot install {}`"
UNKNOWN_SAMPLER = "There's no sampler '{}'. Did you mean"
