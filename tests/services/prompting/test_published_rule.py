"""Whole prompts, from brackets to chunks, against a second writing of A1111's rule and against values worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from services.prompting import lay_out
from services.prompting.chunks import PLACEHOLDER
from services.prompting.emphasis import MAX_WEIGHT
from services.prompting.tokens import load_tokenizer
from tests.builders import DEMO_CHECKPOINT
from tests.services.prompting.published_rule import Position, chunked, emphasised

TOKENIZE = load_tokenizer(DEMO_CHECKPOINT)
COMMA = 1


def by_word(text: str) -> list[int]:
    """`w7` is 107, and a comma is 1: for cases that are worked out by hand."""
    return [COMMA if word == "," else 100 + int(word[1:]) for word in text.replace(",", " , ").split()]


def words(count: int) -> str:
    return " ".join(["w1"] * count)


def ours(prompt: str, tokenize: object, embeddings: list[tuple[int, float]]) -> list[list[Position]]:
    """What is laid out, in the form of the second writing."""
    found: list[list[Position]] = []
    for chunk in lay_out(prompt, tokenize, embeddings):  # type: ignore[arg-type]
        positions = list(zip(chunk.ids, chunk.weights, strict=True))
        for offset, index in chunk.placed:
            vectors = embeddings[index][0]
            assert all(token == PLACEHOLDER for token, _ in positions[offset : offset + vectors])
            positions[offset : offset + vectors] = [
                (-1 - index, weight) for _, weight in positions[offset : offset + vectors]
            ]
        found.append(positions)
    return found


# without a backslash before anything but a bracket, which A1111 drops and which here stays
MARKS = ["(", "(", ")", ")", "[", "]", ":1.3)", ": 0.7 )", ":.5)", r"\(", r"\)", r"\[", r"\]", "\\\\", ":", "BREAK"]
PHRASES = ["a red fish", ", ", ",", ", blurry, ", "low quality", "bad hands, ", "snow " * 9, "sea" * 3, " ", "\n", "é"]
PROMPTS = st.lists(st.sampled_from(MARKS) | st.sampled_from(PHRASES), max_size=40).map("".join)
LONG = st.lists(
    st.integers(1, 40).map(lambda count: "snow " * count) | st.sampled_from([*MARKS, *[", "] * 20]), max_size=20
)
EMBEDDINGS = st.lists(st.tuples(st.integers(1, 75), st.sampled_from([0.0, 0.5, 1.0, 1.3])), max_size=3)


def within_reason(prompt: str) -> bool:
    """Whether the limit that ours sets to weights, and the rule does not, is out of reach."""
    return 1.3 ** prompt.count("(") < MAX_WEIGHT


@given(PROMPTS, EMBEDDINGS)
def test_real_words_are_laid_out_as_the_rule_says(prompt: str, embeddings: list[tuple[int, float]]) -> None:
    assume(within_reason(prompt))
    assert ours(prompt, TOKENIZE, embeddings) == chunked(prompt, TOKENIZE, embeddings)


@given(LONG.map(" ".join), EMBEDDINGS)
@example("snow " * 60 + ", (snow " + "snow " * 18 + "snow:1.3)", [])
@example("snow " * 54 + ", " + "snow " * 90, [(1, 0.5)])
@example(", " + "snow " * 20 + ", snow", [(70, 1.0), (75, 1.3)])
def test_long_prompts_are_cut_where_the_rule_says(prompt: str, embeddings: list[tuple[int, float]]) -> None:
    assume(within_reason(prompt))
    assert ours(prompt, TOKENIZE, embeddings) == chunked(prompt, TOKENIZE, embeddings)


R, S = 1.1, 1 / 1.1
#: prompt, embeddings, and for each chunk its runs (number of positions, weight)
WORKED_OUT: list[tuple[str, list[tuple[int, float]], list[list[tuple[int, float]]]]] = [
    # (w1) is 1.1, ((w1)) 1.21, [w1] 1/1.1, (w1:1.3) exactly 1.3 and not 1.3 * 1.1
    ("w1 (w1) ((w1)) [w1] (w1:1.3)", [], [[(1, 1.0), (1, R), (1, R * R), (1, S), (1, 1.3)]]),
    # an inner weight multiplies the outer one: 1.5 * 1.2 between 1.2 and 1.2
    ("(w1 (w1:1.5) w1:1.2)", [], [[(1, 1.2), (1, 1.5 * 1.2), (1, 1.2)]]),
    # a number counts for the innermost bracket that is open; the outer one is closed by ) alone
    ("((w1:1.5) w1)", [], [[(1, 1.5 * R), (1, R)]]),
    # brackets that are never closed reach to the end, over a BREAK too
    ("w1 (w1 BREAK w1", [], [[(1, 1.0), (1, R)], [(1, R)]]),
    # 74 words and a comma are 75; the word after them opens a chunk, and nothing is there to move along
    (f"{words(74)}, w1", [], [[(75, 1.0)], [(1, 1.0)]]),
    # the comma stands at 60, 15 before the end: the 14 words after it go over with the one that does not fit, at their weights
    (f"{words(60)}, (w1:0.5) {words(12)} [w1] w1", [], [[(61, 1.0)], [(1, 0.5), (12, 1.0), (1, S), (1, 1.0)]]),
    # the comma stands at 55, exactly 20 back: 19 words go over
    (f"{words(55)}, {words(20)}", [], [[(56, 1.0)], [(20, 1.0)]]),
    # it stands at 54, 21 back: it is too far, and only the last word goes over
    (f"{words(54)}, {words(21)}", [], [[(75, 1.0)], [(1, 1.0)]]),
    # of two commas the later one counts, whatever weights stand between them
    (f"{words(56)}, (w1, {words(17)}:1.2)", [], [[(57, 1.0), (2, 1.2)], [(17, 1.2)]]),
    # a BREAK at a full chunk adds no empty one, and a comma before it moves nothing behind it
    (f"{words(74)}, BREAK {words(76)}", [], [[(75, 1.0)], [(75, 1.0)], [(1, 1.0)]]),
    # 70 vectors, a comma at 70 and 4 words are 75; the fifth word takes the 4 along and leaves the vectors
    (f", {words(5)}", [(70, 0.8)], [[(70, 0.8), (1, 1.0)], [(5, 1.0)]]),
    # 8 + 60 fit, 8 more do not: the third embedding stands whole in the second chunk, and the words follow it
    ("(w1)", [(8, 1.0), (60, 0.5), (8, 1.2)], [[(8, 1.0), (60, 0.5)], [(8, 1.2), (1, R)]]),
    # an embedding that fills a chunk leaves the words to the next one
    ("w1", [(75, 1.0)], [[(75, 1.0)], [(1, 1.0)]]),
    # a leading BREAK leaves the first chunk to the embedding
    ("BREAK w1", [(2, 1.0)], [[(2, 1.0)], [(1, 1.0)]]),
    # a BREAK that nothing follows ends the prompt and begins no chunk
    ("w1 BREAK", [(2, 1.0)], [[(3, 1.0)]]),
]


def runs(chunk: list[Position]) -> list[tuple[int, float]]:
    found: list[tuple[int, float]] = []
    for _, weight in chunk:
        count = found.pop()[0] if found and found[-1][1] == weight else 0
        found.append((count + 1, weight))
    return found


@pytest.mark.parametrize(("prompt", "embeddings", "expected"), WORKED_OUT)
def test_weights_and_chunks_are_those_worked_out_by_hand(
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
        # an escaped bracket is a letter, inside of a real one as well
        (r"(fish \(red\):1.2) sea", [[("fish (red)", 1.2), (" sea", 1.0)]]),
        (r"\(not\) (but:0.5)", [[("(not) ", 1.0), ("but", 0.5)]]),
        # two backslashes are one, and the bracket after them is real
        ("\\\\(a)", [[("\\", 1.0), ("a", R)]]),
        # a number needs a round bracket; in a square one it is words
        ("[a:1.5]", [[("a:1.5", S)]]),
        ("(a:1.5]", [[("a:1.5]", R)]]),
        # neighbours of equal weight are one passage, so that words across the border are one word
        ("(un)(known)", [[("unknown", R)]]),
        ("one BREAK (two:2)", [[("one", 1.0)], [("two", 2.0)]]),
    ],
)
def test_the_second_writing_reads_brackets_as_worked_out_by_hand(
    prompt: str, expected: list[list[tuple[str, float]]]
) -> None:
    assert emphasised(prompt) == expected
