"""Prompts: emphasis, chunks of 75 tokens, and token counts."""

from services.prompting.chunks import CHUNK_TOKENS, Chunk, split_into_chunks
from services.prompting.emphasis import Passage, parse_emphasis

__all__ = ["CHUNK_TOKENS", "Chunk", "Passage", "parse_emphasis", "split_into_chunks"]
