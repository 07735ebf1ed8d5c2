"""What other programs would act on is either used or said to be words: nothing changes its meaning in silence."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planning.extraction import extract_embeddings
from services.planning.leftovers import say_what_stays_words
from services.requests import GenerationRequest
from services.stock import Stock
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock, an_entry

CURATED, OWN, PLAIN_WORD = "badhandv4", "my-negative", "blur"


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """One embedding of the catalog, one whose name is no word, and one called like an ordinary word."""
    library = a_library(tmp_path_factory.mktemp("embeddings"), [CURATED, OWN, PLAIN_WORD], [an_entry(CURATED)])
    return a_stock(library, a_shelf(tmp_path_factory.mktemp("checkpoints"), a_checkpoint()))


def said(stock: Stock, prompt: str = "a fish", negative: str = "") -> list[str]:
    return list(say_what_stays_words(prompt, negative, stock))


@pytest.mark.parametrize(
    ("prompt", "negative", "sentence"),
    [
        ("a fish, badhandv4", "", "'badhandv4' stands in the prompt as plain words; as a negative embedding, write it"),
        ("embedding:my-negative a fish", "", "'my-negative' stands in the prompt as plain words"),
        (r"a \(badhandv4\) with my-negative", "", "'badhandv4' and 'my-negative' stand in the prompt as plain words"),
        (
            "",
            "motion blur",
            "'blur' is read as plain words there; alone between commas it would be used as an embedding.",
        ),
        ("", "((((((((((motion blur))))))))))", "'blur' is read as plain words there"),
        ("", r"\(badhandv4\)", "'badhandv4' is read as plain words there"),
        ("a <lora:eyes:0.8> fish", "", "Read as plain words here, whatever other programs do with it: <lora:eyes:0.8>"),
        ("a [red:blue:0.5] fish", "", "[red:blue:0.5]"),
        ("a [fish:0.5]", "", "[fish:0.5]"),
        ("a [red|blue] fish", "", "[red|blue]"),
        ("a fish AND a cat", "", ": AND"),
        ("a {red|blue} fish", "", "{red|blue}"),
        ("a __colour__ fish", "__bad__", "__colour__, __bad__"),
        ("a fish --ar 2:3 --no text", "", "--ar 2:3, --no"),
    ],
)
def test_what_stays_words_is_said(stock: Stock, prompt: str, negative: str, sentence: str) -> None:
    (hint,) = said(stock, prompt, negative)
    assert sentence in hint


@pytest.mark.parametrize(
    "text",
    [
        "a fish",
        "a (red:1.2) [fish]",
        "sand and sea",
        r"\[a:b\]",
        "16:9, 2:3",
        "under_score",
        "blurred, blurry",
        "a | b",
        "",
    ],
)
def test_ordinary_prompts_get_no_hint(stock: Stock, text: str) -> None:
    assert said(stock, text, text) == []


_WORDS = st.sampled_from(
    [
        CURATED,
        OWN,
        PLAIN_WORD,
        "motion",
        "ugly",
        "(",
        ")",
        "[",
        "]",
        ",",
        "，",
        "\\(",
        ":1.2",
        "<",
        ">",
        "embedding:",
        "AND",
    ]
)


@given(st.lists(_WORDS, max_size=10), st.sampled_from(["", " ", ", "]))
def test_no_name_of_an_embedding_becomes_words_in_silence(stock: Stock, words: list[str], between: str) -> None:
    request = extract_embeddings(GenerationRequest(negative=between.join(words)), stock).request
    hints = "".join(said(stock, "a fish", request.negative or ""))
    as_people_read = (request.negative or "").replace("\\", " ")
    for mark in "()[]<>,，:":
        as_people_read = as_people_read.replace(mark, " ")
    for name in (CURATED, OWN, PLAIN_WORD):
        assert name not in as_people_read.split() or f"'{name}'" in hints


def test_the_longest_prompts_take_a_moment(stock: Stock) -> None:
    started = time.process_time()
    said(stock, "word " * 1200, "[a:b" * 1500)
    assert time.process_time() - started < 2
