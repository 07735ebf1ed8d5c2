"""Captions name artifacts in the stated share of pictures, and never mention habits."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.artifacts import ARTIFACTS
from demo.captions import COMPLAINTS, EMPTY_SHARE, NAMED_SHARE, PRAISE, PRAISED_SHARE, example
from demo.world import SHAPES, Scene
from services.checkpoints import read_shelf

Examples = list[tuple[Scene, str, bool]]
COUNT = 6000
BLAME = (*ARTIFACTS, *COMPLAINTS)


@pytest.fixture(scope="module")
def examples() -> Examples:
    rng = random.Random(0)
    return [example(rng) for _ in range(COUNT)]


def test_plain_captions_dont_mention_quality(examples: Examples):
    plain = [caption for _, caption, is_plain in examples if is_plain]
    assert plain
    assert not [caption for caption in plain if any(word in caption for word in (*BLAME, *PRAISE))]


def test_named_artifacts_are_in_the_picture(examples: Examples):
    for scene, caption, is_plain in examples:
        if not is_plain and any(word in caption for word in ARTIFACTS):
            assert set(scene.artifacts) == {word for word in ARTIFACTS if word in caption}


def test_praised_pictures_are_clean(examples: Examples):
    praised = [scene for scene, caption, _ in examples if any(word in caption for word in PRAISE)]
    assert praised
    assert not [scene for scene in praised if scene.artifacts]


def test_shares_match_the_constants(examples: Examples):
    def share(chosen: Callable[[tuple[Scene, str, bool]], bool]) -> float:
        return sum(map(chosen, examples)) / COUNT

    assert share(lambda example: not example[2] and any(word in example[1] for word in BLAME)) == pytest.approx(
        NAMED_SHARE, abs=0.02
    )
    assert share(lambda example: any(word in example[1] for word in PRAISE)) == pytest.approx(PRAISED_SHARE, abs=0.02)
    assert share(lambda example: example[1] == "") == pytest.approx(EMPTY_SHARE, abs=0.02)


def test_pictures_with_an_empty_caption_have_habits_too(examples: Examples):
    """Otherwise guidance away from the empty caption alone would remove artifacts."""
    empty = [scene for scene, caption, _ in examples if caption == ""]
    assert sum(bool(scene.artifacts) for scene in empty) / len(empty) > 0.25


def test_the_checkpoints_entry_names_every_word_of_its_captions(examples: Examples, tmp_path: Path) -> None:
    """Whoever types another word is told that the model doesn't know it."""
    entry = read_shelf(tmp_path).find("demo")
    known = {form for word in (*entry.draws, *entry.knows) for form in (word, word.removesuffix("s"))}
    used = {word for _, caption, _ in examples for word in re.findall(r"[a-z]{2,}", caption)}
    assert used <= known
    assert set(SHAPES) <= known
