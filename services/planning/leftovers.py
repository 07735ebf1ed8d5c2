"""Say what of a prompt other programs would act on and this one reads as words, so that nobody has to guess."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.prompting.mentions import take_mentions
from services.stock import Stock
from services.text import and_list, join_some, shorten

#: characters of a sentence
_ROOM = 120
#: what can't be part of an embedding's name
_NO_NAME = re.compile(r"[\\()\[\]{}<>:\"]")
_FOREIGN = re.compile(
    r"<(?i:lora|lyco|hypernet|locon)\s*:[^<>\n]{1,100}>"  # A1111 loads a file
    r"|(?<!\\)\[[^\[\]\n]{0,60}(?:\||:\s*\d*\.?\d+\s*(?=\]))[^\[\]\n]{0,60}\]"  # A1111 changes the prompt on the way
    r"|\{[^{}\n]{1,100}\}"  # dynamic prompts, or NovelAI's emphasis
    r"|__[\w/*.-]{1,60}__"  # a wildcard
    r"|(?<=\s)AND(?=\s)"  # A1111 mixes two prompts
    r"|(?<=\s)--[a-z]{1,12}\b(?:\s+[\d:.]+)?"  # Midjourney's settings
)


def say_what_stays_words(prompt: str, negative: str, stock: Stock) -> Iterator[str]:
    """A sentence for each kind of thing that is there."""
    if names := _names(prompt, stock):
        verb, pronoun = ("stands", "it") if len(names) == 1 else ("stand", "them")
        yield f"{_quoted(names)} {verb} in the prompt as plain words; as a negative embedding, write {pronoun} into negative."
    if names := _names(negative, stock):
        verb, pronoun, kind = ("is", "it", "an embedding") if len(names) == 1 else ("are", "they", "embeddings")
        yield f"{_quoted(names)} {verb} read as plain words there; alone between commas {pronoun} would be used as {kind}."
    foreign = [match[0] for text in (prompt, negative) for match in _FOREIGN.finditer(text)]
    if foreign:
        shown = join_some([shorten(piece) for piece in dict.fromkeys(foreign)], _ROOM)
        yield f"Read as plain words here, whatever other programs do with it: {shown}"


def _names(text: str, stock: Stock) -> list[str]:
    """The embeddings, installed or known, that a text names as anybody would see them."""
    mentions, _ = take_mentions(_NO_NAME.sub(" ", text), lambda name, _: stock.is_embedding(name))
    return list(dict.fromkeys(mention.name for mention in mentions))


def _quoted(names: list[str]) -> str:
    return and_list([f"'{shorten(name)}'" for name in names[:3]])
