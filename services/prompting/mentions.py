"""Find embeddings in the text of a negative prompt, where other programs put them: `EasyNegative, (badhandv4:0.8), blurry`.

Knows A1111's brackets, and the weights that compel and InvokeAI write behind a word. Which words are embeddings is for the
caller to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.choices import EMPHASIS, read_spelling
from services.prompting.brackets import SEPARATORS, Kind, Token, closings, tokens
from services.prompting.numbers import parse_float

#: asked about a name, and whether it is all that a term consists of, since an ordinary word in a phrase means itself; may
#: answer differently the second time
IsWanted = Callable[[str, bool], bool]

#: deeper brackets are not how anyone weights a word
_MAX_DEPTH = 8
#: of a name
_MAX_WORDS = 4
#: characters; no name is as long with everything around it, and reading brackets takes time
_MAX_SPELLING = 200
_WEIGHTED_GROUP = re.compile(r"(.*):\s*(\d{1,3}(?:\.\d{0,6})?|\.\d{1,6})\s*", re.DOTALL)
#: words that a closing bracket after them would turn into a weight, or that would escape it
_CHANGES_BRACKET = re.compile(r":\s*[+-]?[.\d]+\s*$|(?<!\\)(?:\\\\)*\\$")
#: spellings that nothing but an embedding has
_MARKED = re.compile(r"[(\[]*(?:<|embed(?:ding)?:)", re.IGNORECASE)
#: a weight behind a word, or behind brackets
_COMPEL = re.compile(r"(?P<word>.+?)(?:(?P<signs>\++|-+)|(?<=[)>])(?P<number>\d{0,3}\.?\d{1,6}))", re.DOTALL)
_PLUS, _MINUS = 1.1, 0.9
#: around a name, where it ends a sentence or is quoted
_PUNCTUATION = "\"'.!?:"
#: A1111's prompt editing, `[to:when]` and `[from:to:when]`
_SCHEDULED = re.compile(r"\[(?P<name>[^\[\]:]+):{1,2}\s*\d*\.?\d+\s*\]")


@dataclass(frozen=True, slots=True)
class Mention:
    """An embedding's name as it is written, and the weight of the brackets around it."""

    name: str
    weight: float
    #: whether the text switches it on or off part of the way
    is_scheduled: bool = False


def take_mentions(text: str, is_wanted: IsWanted) -> tuple[list[Mention], str]:
    """The embeddings that a prompt names, and the prompt without them. The rest keeps its letters and its weights."""
    return _Reader(text, is_wanted).take(0, len(text), 1.0, 0)


def take_leading(text: str, names: Iterable[str]) -> tuple[list[Mention], str] | None:
    """The same for text that this program wrote, which starts with all of `names` in order; None if it doesn't."""
    mentions: list[Mention] = []
    for name in names:
        match = re.match(rf"(?:{re.escape(name)}|\({re.escape(name)}:([0-9.e+-]{{1,20}})\))(?:, |$)", text)
        weight = parse_float(match[1] or "1") if match else None
        if match is None or weight is None:
            return None
        mentions.append(Mention(name, weight))
        text = text[match.end() :]
    return mentions, text


class _Reader:
    """Reads one prompt; places are those of its text."""

    def __init__(self, text: str, is_wanted: IsWanted) -> None:
        self._text = text
        self._is_wanted = is_wanted
        self._closed = closings(text)

    def take(self, start: int, end: int, weight: float, depth: int) -> tuple[list[Mention], str]:
        """What a part of the text names, where brackets around it give it this weight, and the part without it."""
        mentions: list[Mention] = []
        kept: list[str] = []
        for term, separator in self._terms(start, end):
            found, rest = self._take_term(term, weight, depth)
            mentions += found
            if rest.strip() or not found:
                kept += (rest, separator)
        if not mentions:
            return [], self._text[start:end]
        return mentions, "".join(kept).strip().strip(SEPARATORS).strip()

    def _terms(self, start: int, end: int) -> Iterator[tuple[list[Token], str]]:
        """What is between separators outside of brackets, each with the separator after it."""
        term: list[Token] = []
        for token in tokens(self._text, start, end, self._closed):
            if token.kind is Kind.SEPARATOR:
                yield term, self._text[token.start : token.end]
                term = []
            else:
                term.append(token)
        yield term, ""

    def _take_term(self, term: Sequence[Token], weight: float, depth: int) -> tuple[list[Mention], str]:
        mentions: list[Mention] = []
        kept: list[str] = []
        filled = [number for number, token in enumerate(term) if token.kind is not Kind.SPACE]
        place = 0
        while place < len(term):
            token = term[place]
            mention, after = self._name_at(term, place, (filled[0], filled[-1])) if filled else (None, 0)
            if mention is not None:
                mentions.append(replace(mention, weight=mention.weight * weight))
                place = _close_gap(kept, term, after)
                continue
            found, rest = [], self._text[token.start : token.end]
            if token.kind is Kind.GROUP and depth < _MAX_DEPTH:
                found, rest = self._take_group(token, weight, depth)
            mentions += found
            place = place + 1 if rest or not found else _close_gap(kept, term, place + 1)
            kept += [rest] if rest else []
        return mentions, "".join(kept)

    def _name_at(self, term: Sequence[Token], place: int, whole: tuple[int, int]) -> tuple[Mention | None, int]:
        """The embedding that is named there, by as many words as possible, and the place after it."""
        near = range(place, min(place + 2 * _MAX_WORDS, len(term)))
        words = [number for number in near if term[number].kind is not Kind.SPACE][:_MAX_WORDS]
        for last in reversed(words if term[place].kind is not Kind.SPACE else []):
            written = self._text[term[place].start : term[last].end]
            is_alone = (place, last) == whole
            if len(written) <= _MAX_SPELLING and (mention := self._read(written, is_alone=is_alone)):
                return mention, last + 1
        return None, place + 1

    def _read(self, written: str, *, is_alone: bool) -> Mention | None:
        """The mention that a few words are, if they are one."""
        if scheduled := _SCHEDULED.fullmatch(written):
            name = scheduled["name"].strip()
            return Mention(name, 1.0, is_scheduled=True) if self._is_wanted(name, is_alone) else None
        is_meant = is_alone or _MARKED.match(written) is not None
        for spelling, factor in _without_compel(written):
            name, weight = read_spelling(spelling)
            if name and self._is_wanted(name, is_meant):
                return Mention(name, factor * (1.0 if weight is None else weight))
        return None

    def _take_group(self, token: Token, weight: float, depth: int) -> tuple[list[Mention], str]:
        whole = self._text[token.start : token.end]
        start, end, bracket, written = token.start + 1, token.end - 1, whole[0], ""
        factor = EMPHASIS if bracket == "(" else 1 / EMPHASIS
        if bracket == "(" and (match := _WEIGHTED_GROUP.fullmatch(whole[1:-1])):
            factor, end = float(match[2]), start + len(match[1])
            written = self._text[end : token.end - 1]
        found, rest = self.take(start, end, weight * factor, depth + 1)
        if not found:
            return [], whole
        if not rest:
            return found, ""
        if not written and _CHANGES_BRACKET.search(rest):
            # "(blurry:1.2, x)" weighs blurry 1.1, and "(blurry:1.2)" would weigh it 1.2
            return found, f"({rest}:{factor:.4g})"
        return found, f"{bracket}{rest}{written}{whole[-1]}"


def _close_gap(kept: list[str], term: Sequence[Token], after: int) -> int:
    """Where to go on behind words that are taken out, so that one space stays of two, and no two words become one."""
    if after < len(term) and term[after].kind is Kind.SPACE:
        return after + 1
    if after == len(term) and len(kept) > 1 and kept[-1].isspace():
        kept.pop()
    elif after < len(term) and kept and not kept[-1].isspace():
        kept.append(" ")
    return after


def _without_compel(written: str) -> Iterator[tuple[str, float]]:
    """The words as they are, and without the weight or the punctuation behind them; each with that weight."""
    yield written, 1.0
    if match := _COMPEL.fullmatch(written):
        signs, number = match["signs"] or "", parse_float(match["number"] or "1")
        word = match["word"].removeprefix("(").removesuffix(")")  # which weigh nothing there
        yield word, (number or 0.0) * (_PLUS if signs.startswith("+") else _MINUS) ** len(signs)
    if (bare := written.strip(_PUNCTUATION)) != written:
        yield bare, 1.0
