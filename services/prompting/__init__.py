"""Prompts: emphasis, chunks of 75 tokens, and the budget that a card shows."""

from services.prompting.chunks import CHUNK_TOKENS, Chunk, lay_out
from services.prompting.emphasis import Passage, parse_emphasis

__all__ = ["CHUNK_TOKENS", "Chunk", "Passage", "lay_out", "parse_emphasis"]
