"""The plan as a value: its work, which plans share a batch, and the round trip through JSON."""

from __future__ import annotations

import json

import pytest

from services.parameters import PlanRecord
from tests.builders import a_placed, a_plan


def test_a_plan_survives_json_without_its_vectors() -> None:
    plan = a_plan(embeddings=(a_placed("blur", strength=0.8), a_placed("tint", seed=4)), negative="blurry")
    table = json.loads(json.dumps(plan.as_json()))
    assert "vectors" not in table["embeddings"][0]
    again = PlanRecord.from_json(table).with_vectors(
        {embedding.content_hash: embedding.vectors for embedding in plan.embeddings}
    )
    assert again == plan
    assert again.embeddings[1].vectors is plan.embeddings[1].vectors


def test_a_plan_with_vectors_can_be_given_others() -> None:
    plan, other = a_plan(), a_placed(seed=3)
    changed = plan.with_vectors({plan.embeddings[0].content_hash: other.vectors})
    assert changed.embeddings[0].vectors is other.vectors


def test_a_plan_is_not_loaded_with_vectors_missing() -> None:
    with pytest.raises(KeyError):
        a_plan().with_vectors({})


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "x"},
        {"negative": "x"},
        {"cfg": 9.0},
        {"seed": 8},
        {"count": 3},
        {"embeddings": ()},
        {"prompt_tokens": 9},
    ],
)
def test_plans_that_differ_in_per_picture_settings_share_a_batch(change: dict[str, object]) -> None:
    assert a_plan(**change).batch_key == a_plan().batch_key


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint": "x"},
        {"width": 64},
        {"height": 64},
        {"steps": 9},
        {"sampler": "ddim"},
        {"clip_skip": 2},
        {"chunks": 2},
    ],
)
def test_plans_that_differ_in_the_denoising_loops_settings_do_not(change: dict[str, object]) -> None:
    assert a_plan(**change).batch_key != a_plan().batch_key


def test_pictures_have_consecutive_seeds() -> None:
    plan = a_plan(seed=40, count=3)
    assert [plan.seed_of(index) for index in range(plan.count)] == [40, 41, 42]


def test_work_grows_with_pictures_steps_and_pixels() -> None:
    assert a_plan(count=2, steps=3, width=48, height=64).pixel_steps == 2 * 3 * 48 * 64


def test_a_label_is_written_as_a_member_would_type_it() -> None:
    assert a_placed("blur").label == "blur"
    assert a_placed("blur", strength=0.8).label == "blur:0.8"
