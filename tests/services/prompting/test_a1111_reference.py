"""Whole prompts, from brackets to chunks, compared with a second implementation of A1111's rules and with values by hand."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from services.prompting import split_into_chunks
from services.prompting.chunks import PLACEHOLDER
from services.prompting.emphasis import MAX_WEIGHT
from services.prompting.tokens import load_tokenizer
from tests.builders import DEMO_CHECKPOINT
from tests.services.prompting.a1111_reference import Position, chunked, emphasised

TOKENIZE = load_tokenizer(DEMO_CHECKPOINT)
COMMA = 1


def by_word(text: str) -> list[int]:
    """`w7` is 107 and a comma is 1, for cases computed by hand."""
    return [COMMA if word == "," else 100 + int(word[1:]) for word in text.replace(",", " , ").split()]


def words(count: int) -> str:
    return " ".join(["w1"] * count)


def ours(prompt: str, tokenize: object, embeddings: list[tuple[int, float]]) -> list[list[Position]]:
    """Our chunks, in the second implementation's format."""
    found: list[list[Position]] = []
    for chunk in split_into_chunks(prompt, tokenize, embeddings):  # type: ignore[arg-type]
        positions = list(zip(chunk.ids, chunk.weights, strict=True))
        for offset, index in chunk.placed:
            vectors = embeddings[index][0]
            assert all(token == PLACEHOLDER for token, _ in positions[offset : offset + vectors])
            positions[offset : offset + vectors] = [
                (-1 - index, weight) for _, weight in positions[offset : offset + vectors]
            ]
        found.append(positions)
    return found


# no backslashes except before brackets: A1111 drops those, and we keep them
MARKS = ["(", "(", ")", ")", "[", "]", ":1.3)", ": 0.7 )", ":.5)", r"\(", r"\)", r"\[", r"\]", "\\\\", ":", "BREAK"]
PHRASES = ["a red fish", ", ", ",", ", blurry, ", "low quality", "bad hands, ", "snow " * 9, "sea" * 3, " ", "\n", "é"]
PROMPTS = st.lists(st.sampled_from(MARKS) | st.sampled_from(PHRASES), max_size=40).map("".join)
LONG = st.lists(
    st.integers(1, 40).map(lambda count: "snow " * count) | st.sampled_from([*MARKS, *[", "] * 20]), max_size=20
)
EMBEDDINGS = st.lists(st.tuples(st.integers(1, 75), st.sampled_from([0.0, 0.5, 1.0, 1.3])), max_size=3)


def below_our_limit(prompt: str) -> bool:
    """Whether no weight can exceed our limit, which A1111 doesn't have."""
    return 1.3 ** prompt.count("(") < MAX_WEIGHT


@given(PROMPTS, EMBEDDINGS)
def test_prompts_are_chunked_as_by_the_reference(prompt: str, embeddings: list[tuple[int, float]]) -> None:
    assume(below_our_limit(prompt))
    assert ours(prompt, TOKENIZE, embeddings) == chunked(prompt, TOKENIZE, embeddings)


@given(LONG.map(" ".join), EMBEDDINGS)
@example("snow " * 60 + ", (snow " + "snow " * 18 + "snow:1.3)", [])
@example("snow " * 54 + ", " + "snow " * 90, [(1, 0.5)])
@example(", " + "snow " * 20 + ", snow", [(70, 1.0), (75, 1.3)])
def test_long_prompts_are_split_as_by_the_reference(prompt: str, embeddings: list[tuple[int, float]]) -> None:
    assume(below_our_limit(prompt))
    assert ours(prompt, TOKENIZE, embeddings) == chunked(prompt, TOKENIZE, embeddings)


R, S = 1.1, 1 / 1.1
#: prompt, embeddings, and the runs (number of positions, weight) of each chunk
BY_HAND: list[tuple[str, list[tuple[int, float]], list[list[tuple[int, float]]]]] = [
    # (w1) is 1.1, ((w1)) 1.21, [w1] 1/1.1, (w1:1.3) exactly 1.3 and not 1.3 * 1.1
    ("w1 (w1) ((w1)) [w1] (w1:1.3)", [], [[(1, 1.0), (1, R), (1, R * R), (1, S), (1, 1.3)]]),
    # an inner weight multiplies the outer one: 1.5 * 1.2 between 1.2 and 1.2
    ("(w1 (w1:1.5) w1:1.2)", [], [[(1, 1.2), (1, 1.5 * 1.2), (1, 1.2)]]),
    # a number belongs to the innermost open bracket; the outer one is closed by a plain )
    ("((w1:1.5) w1)", [], [[(1, 1.5 * R), (1, R)]]),
    # unclosed brackets extend to the end, even across a BREAK
    ("w1 (w1 BREAK w1", [], [[(1, 1.0), (1, R)], [(1, R)]]),
    # 74 words and a comma are 75; the next word starts a chunk, and there are no words to move with it
    (f"{words(74)}, w1", [], [[(75, 1.0)], [(1, 1.0)]]),
    # the comma is at 60, 15 before the end: the 14 words after it move with the one that doesn't fit, keeping their weights
    (f"{words(60)}, (w1:0.5) {words(12)} [w1] w1", [], [[(61, 1.0)], [(1, 0.5), (12, 1.0), (1, S), (1, 1.0)]]),
    # the comma is at 55, exactly 20 back: 19 words move
    (f"{words(55)}, {words(20)}", [], [[(56, 1.0)], [(20, 1.0)]]),
    # it is at 54, 21 back, which is too far: only the last word moves
    (f"{words(54)}, {words(21)}", [], [[(75, 1.0)], [(1, 1.0)]]),
    # the later of two commas counts, whatever the weights between them
    (f"{words(56)}, (w1, {words(17)}:1.2)", [], [[(57, 1.0), (2, 1.2)], [(17, 1.2)]]),
    # a BREAK at a full chunk adds no empty chunk, and a comma before it moves nothing across it
    (f"{words(74)}, BREAK {words(76)}", [], [[(75, 1.0)], [(75, 1.0)], [(1, 1.0)]]),
    # 70 vectors, a comma at 70 and 4 words are 75; the fifth word moves with those 4, but the vectors stay
    (f", {words(5)}", [(70, 0.8)], [[(70, 0.8), (1, 1.0)], [(5, 1.0)]]),
    # 8 + 60 fit, 8 more don't: the third embedding goes unsplit into the second chunk, and the words follow it
    ("(w1)", [(8, 1.0), (60, 0.5), (8, 1.2)], [[(8, 1.0), (60, 0.5)], [(8, 1.2), (1, R)]]),
    # an embedding that fills a chunk pushes the words into the next one
    ("w1", [(75, 1.0)], [[(75, 1.0)], [(1, 1.0)]]),
    # a leading BREAK leaves the first chunk to the embedding
    ("BREAK w1", [(2, 1.0)], [[(2, 1.0)], [(1, 1.0)]]),
    # a BREAK at the end of the prompt starts no chunk
    ("w1 BREAK", [(2, 1.0)], [[(3, 1.0)]]),
]


def runs(chunk: list[Position]) -> list[tuple[int, float]]:
    found: list[tuple[int, float]] = []
    for _, weight in chunk:
        count = found.pop()[0] if found and found[-1][1] == weight else 0
        found.append((count + 1, weight))
    return found


@pytest.mark.parametrize(("prompt", "embeddings", "expected"), BY_HAND)
def test_weights_and_chunks_equal_those_computed_by_hand(
    prompt: str, embeddings: list[tuple[int, float]], expected: list[list[tuple[int, float]]]
) -> None:
    for found in (ours(prompt, by_word, embeddings), chunked(prompt, by_word, embeddings)):
        assert [len(chunk) for chunk in found] == [sum(count for count, _ in chunk) for chunk in expected]
        for chunk, hand in zip(found, expected, strict=True):
            weights = [weight for _, weight in chunk]
            assert weights == pytest.approx([weight for count, weight in hand for _ in range(count)], rel=1e-12)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        # an escaped bracket is an ordinary character, inside real brackets too
        (r"(fish \(red\):1.2) sea", [[("fish (red)", 1.2), (" sea", 1.0)]]),
        (r"\(not\) (but:0.5)", [[("(not) ", 1.0), ("but", 0.5)]]),
        # two backslashes are one backslash, and the bracket after them is real
        ("\\\\(a)", [[("\\", 1.0), ("a", R)]]),
        # a weight needs round brackets; in square ones it is text
        ("[a:1.5]", [[("a:1.5", S)]]),
        ("(a:1.5]", [[("a:1.5]", R)]]),
        # neighbours of equal weight are one passage, so that a word can span both
        ("(un)(known)", [[("unknown", R)]]),
        ("one BREAK (two:2)", [[("one", 1.0)], [("two", 2.0)]]),
    ],
)
def test_the_reference_itself_parses_brackets_correctly(prompt: str, expected: list[list[tuple[str, float]]]) -> None:
    assert emphasised(prompt) == expected
