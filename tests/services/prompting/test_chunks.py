"""Chunks of 75 tokens: A1111's rule in examples, and properties that hold for every prompt."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.prompting import CHUNK_TOKENS, Chunk, parse_emphasis, split_into_chunks
from services.prompting.chunks import COMMA_BACKTRACK, PLACEHOLDER, count_tokens

COMMA = 1


def tokenize(text: str) -> list[int]:
    """One token per word: `w7` is 107; a comma is its own word."""
    return [COMMA if word == "," else 100 + int(word.strip("w")) for word in text.replace(",", " , ").split()]


def words(count: int, start: int = 0) -> str:
    return " ".join(f"w{number}" for number in range(start, start + count))


def ids(count: int, start: int = 0) -> list[int]:
    return [100 + number for number in range(start, start + count)]


def lengths(chunks: list[Chunk]) -> list[int]:
    return [len(chunk.ids) for chunk in chunks]


def test_an_empty_prompt_is_one_empty_chunk() -> None:
    assert split_into_chunks("", tokenize) == [Chunk()]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [1]), (75, [75]), (76, [75, 1]), (150, [75, 75]), (151, [75, 75, 1])]
)
def test_words_fill_chunks_of_75(count: int, expected: list[int]) -> None:
    assert lengths(split_into_chunks(words(count), tokenize)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # words before the comma, words after it
        (55, 19, [75]),  # exactly 75: nothing moves
        (55, 20, [56, 20]),  # one word too many, and the comma is 20 tokens back: the words after it move
        (54, 21, [75, 1]),  # the comma is 21 tokens back, too far
        (74, 5, [75, 5]),  # the comma is the chunk's last token
        (75, 5, [75, 6]),  # the comma itself starts the next chunk
        (60, 90, [61, 75, 15]),
    ],
)
def test_when_a_chunk_is_full_the_words_since_its_last_comma_move(before: int, after: int, expected: list[int]) -> None:
    prompt = f"{words(before)}, {words(after, 500)}"
    chunks = split_into_chunks(prompt, tokenize)
    assert lengths(chunks) == expected
    assert [token for chunk in chunks for token in chunk.ids] == [*ids(before), COMMA, *ids(after, 500)]


def test_moved_words_keep_their_weights() -> None:
    chunks = split_into_chunks(f"{words(60)}, (w70 {words(20)}:1.5)", tokenize)
    assert lengths(chunks) == [61, 21]
    assert chunks[0].weights == [1.0] * 61
    assert chunks[1].weights == [1.5] * 21


def test_a_comma_only_affects_its_own_chunk() -> None:
    # the only comma is in the first chunk, so a full second chunk has none to split at
    assert lengths(split_into_chunks(f"{words(70)}, {words(100)}", tokenize)) == [71, 75, 25]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("w1 BREAK w2 w3", [1, 2]),
        ("BREAK w1", [0, 1]),
        ("w1 BREAK", [1]),
        ("BREAK", [0]),
        ("w1 BREAK BREAK w2", [1, 0, 1]),
        ("w1 BREAK BREAK", [1, 0]),
        ("(w1 BREAK w2:1.2)", [1, 1]),
        (f"{words(75)} BREAK w1", [75, 1]),
        (f"w1, {words(70)} BREAK {words(74)}", [72, 74]),
    ],
)
def test_a_break_starts_a_new_chunk(prompt: str, expected: list[int]) -> None:
    assert lengths(split_into_chunks(prompt, tokenize)) == expected


def test_a_comma_before_a_break_has_no_effect_after_it() -> None:
    assert lengths(split_into_chunks(f"{words(60)}, BREAK {words(76)}", tokenize)) == [61, 75, 1]


def test_embeddings_come_before_the_words() -> None:
    (chunk,) = split_into_chunks("w1, (w2:0.5)", tokenize, [(3, 1.0), (2, 0.8)])
    assert chunk.ids == [PLACEHOLDER] * 5 + [101, COMMA, 102]
    assert chunk.weights == [1.0, 1.0, 1.0, 0.8, 0.8, 1.0, 1.0, 0.5]
    assert chunk.placed == [(0, 0), (3, 1)]


@pytest.mark.parametrize(
    ("vectors", "count", "expected", "placed"),
    [
        ([75], 0, [75], [[(0, 0)]]),
        ([75], 1, [75, 1], [[(0, 0)], []]),
        ([8, 68], 3, [8, 71], [[(0, 0)], [(0, 1)]]),
        ([8, 67], 1, [75, 1], [[(0, 0), (8, 1)], []]),
        ([40, 40, 40], 0, [40, 40, 40], [[(0, 0)], [(0, 1)], [(0, 2)]]),
        ([8, 16, 75], 80, [24, 75, 75, 5], [[(0, 0), (8, 1)], [(0, 2)], [], []]),
    ],
)
def test_an_embedding_that_does_not_fit_starts_a_new_chunk(
    vectors: list[int], count: int, expected: list[int], placed: list[list[tuple[int, int]]]
) -> None:
    chunks = split_into_chunks(words(count), tokenize, [(number, 1.0) for number in vectors])
    assert lengths(chunks) == expected
    assert [chunk.placed for chunk in chunks] == placed


def test_an_embedding_never_moves_because_of_a_comma() -> None:
    chunks = split_into_chunks(f", {words(10)}", tokenize, [(70, 0.5)])
    assert lengths(chunks) == [71, 10]
    assert chunks[0].weights == [0.5] * 70 + [1.0]
    assert chunks[0].placed == [(0, 0)]


def test_tokens_are_counted_across_chunks() -> None:
    assert count_tokens(split_into_chunks(f"w1, {words(31)}", tokenize, [(8, 1.0)])) == 8 + 2 + 31


PROMPTS = st.lists(
    st.sampled_from(["w1", "w2", ",", ",", "(", ")", "[", "]", ":1.3)", "BREAK"]) | st.integers(1, 60).map(words),
    max_size=20,
).map(" ".join)
EMBEDDINGS = st.lists(st.tuples(st.integers(1, CHUNK_TOKENS), st.floats(0, 2)), max_size=3)


def tokenize_any(text: str) -> list[int]:
    """Like `tokenize`, with a token for every remaining bracket or colon."""
    spaced = "".join(f" {letter} " if letter in ",()[]:" else letter for letter in text)
    return [
        {",": COMMA}.get(word, 50 + ord(word[0]) % 40 if word[0] != "w" else 100 + int(word[1:]))
        for word in spaced.split()
    ]


@given(PROMPTS, EMBEDDINGS)
def test_all_tokens_are_kept_in_order_and_no_embedding_is_split(
    prompt: str, embeddings: list[tuple[int, float]]
) -> None:
    chunks = split_into_chunks(prompt, tokenize_any, embeddings)
    # 1. no chunk exceeds the encoder's length, and among several only a BREAK can leave one empty
    assert all(len(chunk.ids) == len(chunk.weights) <= CHUNK_TOKENS for chunk in chunks)
    assert len(chunks) == 1 or "BREAK" in prompt or all(chunk.ids for chunk in chunks)
    # 2. the words and their weights are the prompt's, in order
    placed = {
        (number, position): index
        for number, chunk in enumerate(chunks)
        for offset, index in chunk.placed
        for position in range(offset, offset + embeddings[index][0])
    }
    words_placed = [
        (token, weight)
        for number, chunk in enumerate(chunks)
        for position, (token, weight) in enumerate(zip(chunk.ids, chunk.weights, strict=True))
        if (number, position) not in placed
    ]
    expected = [
        (token, passage.weight)
        for passage in parse_emphasis(prompt)
        if not passage.is_break
        for token in tokenize_any(passage.text)
    ]
    assert words_placed == expected
    # 3. every embedding appears once, unsplit, in order, before all words, with its strength
    assert [index for chunk in chunks for _, index in chunk.placed] == list(range(len(embeddings)))
    assert len(placed) == sum(vectors for vectors, _ in embeddings)
    for (number, position), index in placed.items():
        assert chunks[number].ids[position] == PLACEHOLDER
        assert chunks[number].weights[position] == embeddings[index][1]
    in_order = [
        (number, position) in placed for number, chunk in enumerate(chunks) for position in range(len(chunk.ids))
    ]
    assert in_order == sorted(in_order, reverse=True)


@given(st.integers(0, 400), EMBEDDINGS)
def test_words_without_commas_fill_every_chunk(count: int, embeddings: list[tuple[int, float]]) -> None:
    chunks = split_into_chunks(words(count), tokenize, embeddings)
    with_vectors = [chunk for chunk in chunks if chunk.placed]
    room = (
        CHUNK_TOKENS - sum(vectors for vectors, _ in embeddings[with_vectors[-1].placed[0][1] :]) if with_vectors else 0
    )
    more = math.ceil(max(0, count - room) / CHUNK_TOKENS)
    assert len(chunks) == max(1, len(with_vectors) + more)


@given(st.integers(1, 120), st.integers(0, 120))
def test_fewer_than_twenty_words_move_because_of_a_comma(before: int, after: int) -> None:
    chunks = split_into_chunks(f"{words(before)}, {words(after)}", tokenize)
    for chunk in chunks[:-1]:
        assert CHUNK_TOKENS - len(chunk.ids) < COMMA_BACKTRACK
