"""Blocked words are found in every disguise, and never inside other words."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import UserError
from services.policy.blocklist import MAX_TERM, Blocklist, Found, checked_term, split_terms

LIST = Blocklist(("ass", "nude", "dead body", "裸", "tail", "slit"))

FOUND = {
    "ass": (),
    "ASS": (),
    "ｎｕｄｅ": (),
    "Nüde": (),
    "𝓷𝓾𝓭𝓮": (),
    "dead   body": (),
    "dead-body": (),
    "dead_body": (),
    "a$$": ("look-alike characters",),
    "nudе": ("look-alike characters",),  # a Cyrillic е
    "nud3": ("look-alike characters",),
    "ta1l": ("look-alike characters",),
    "déad b0dy": ("look-alike characters",),
    "n\u200bu\u200bd\u200be": ("invisible characters",),
    "nu\u00adde": ("invisible characters",),
    "nuuude": ("repeated letters",),
    "asssss": ("repeated letters",),
    "n u d e": ("letters apart",),
    "n.u.d.e": ("letters apart",),
    "n-u-d-3": ("letters apart",),
}
FINE = [
    "grass", "class", "assassin", "as", "tall", "silt", "denude", "nudes", "dead bodies", "dead. A tree. A body",
    "455", "b a d", "", "(as:1.2)", "сом и рот", "1", "!!!", "𝟒𝟓𝟓",
]  # fmt: skip


@pytest.mark.parametrize("text", FOUND)
def test_a_disguised_word_is_found_and_its_disguise_named(text: str) -> None:
    found = LIST.find(f"(a picture, {text}:1.2), of a tree")
    assert found is not None
    assert (found.text, found.disguises) == (text, FOUND[text])


@pytest.mark.parametrize("text", FINE)
def test_other_words_are_not_found(text: str) -> None:
    assert LIST.find(text) is None


def test_letters_apart_may_follow_other_single_letters() -> None:
    found = LIST.find("a n u d e, 1 a, 2 b")
    assert found == Found("nude", "a n u d e", ("letters apart",))


def test_a_script_without_spaces_has_no_words_around_which_to_look() -> None:
    assert LIST.find("可愛い裸の人") == Found("裸", "裸", ())


def test_a_russian_word_is_a_latin_one_only_if_it_looks_like_it() -> None:
    assert Blocklist(("cop",)).find("сор") is not None  # all three letters are Cyrillic
    assert Blocklist(("cop",)).find("сорт") is None
    assert Blocklist(("кот",)).find("Кот в сапогах") == Found("кот", "Кот", ())


WORDS = st.text(string.ascii_lowercase, min_size=2, max_size=8)


@given(WORDS, st.lists(WORDS, max_size=4), st.data())
def test_a_word_is_found_wherever_it_stands_however_it_is_disguised(
    word: str, around: list[str], data: st.DataObject
) -> None:
    likes = {"a": "aA4@а", "e": "eE3е", "o": "oO0о", "s": "sS5$ѕ", "t": "tT7"}
    disguised = "".join(
        data.draw(st.sampled_from(likes.get(letter, letter + letter.upper()))) * data.draw(st.integers(1, 3))
        + data.draw(st.sampled_from(["", "\u200b", "\u0301"]))
        for letter in word
    )
    place = data.draw(st.integers(0, len(around)))
    text = " ".join([*around[:place], disguised, *around[place:]])
    if any(letter.isalpha() for letter in disguised):  # digits alone are a number
        assert Blocklist((word,)).find(text) is not None


@given(WORDS, WORDS, WORDS)
def test_a_word_inside_another_is_not_found(word: str, before: str, after: str) -> None:
    longer = f"{before}{word}{after}"
    if {*longer} != {*word}:  # "aaa" is a repeated "a"
        assert Blocklist((word,)).find(longer) is None


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=5))
def test_any_text_can_be_searched_for_any_terms(text: str, terms: list[str]) -> None:
    usable = [checked_term(term) for term in terms if _is_term(term)]
    found = Blocklist(tuple(usable)).find(text)
    assert found is None or (found.text in text and found.term in usable)


def _is_term(term: str) -> bool:
    try:
        return bool(checked_term(term))
    except UserError:
        return False


def test_terms_are_split_at_commas_and_each_is_kept_once() -> None:
    assert split_terms("Nude,  dead   body\nnude; grün") == ("Nude", "dead body", "grün")
    for wrong in ("...", "a" * (MAX_TERM + 1), "ok, !!!"):
        with pytest.raises(UserError, match="can't be blocked"):
            split_terms(wrong)
