"""The four kinds of fit, the order of usable embeddings, and the sentence of a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from embeddings.architecture import Architecture
from services.checkpoints import CfgMode
from services.planning.fit import Fit, fit_of, usable_with, wrong_architecture
from tests.builders import a_checkpoint, installed

SD1, SDXL = Architecture.SD1, Architecture.SDXL


@pytest.mark.parametrize(
    ("architecture", "lineage", "model", "outcome"),
    [
        (SD1, "sd15", {"lineage": "sd15"}, Fit.FITS),
        (SD1, "sd15", {"lineage": "anime"}, Fit.FITS),  # made for the base, so it works with every fine-tune
        (SD1, "anime", {"lineage": "sd15"}, Fit.FITS),
        (SD1, "anime", {"lineage": "anime"}, Fit.FITS),
        (SD1, "anime", {"lineage": "realistic"}, Fit.OTHER_LINEAGE),
        (SDXL, "pony", {"lineage": "anime"}, Fit.WRONG_ARCHITECTURE),
        (SD1, "anime", {"lineage": "anime", "cfg_mode": CfgMode.DISTILLED}, Fit.NO_EFFECT),
        (SDXL, "sdxl", {"lineage": "anime", "cfg_mode": CfgMode.DISTILLED}, Fit.WRONG_ARCHITECTURE),
    ],
)
def test_an_embedding_has_one_of_four_fits(
    architecture: Architecture, lineage: str, model: dict[str, Any], outcome: Fit
) -> None:
    assert fit_of(installed("one", architecture, lineage=lineage), a_checkpoint("model", SD1, **model)) is outcome


def test_an_embedding_of_unknown_lineage_fits() -> None:
    assert fit_of(installed("unknown", SD1), a_checkpoint("model", SD1, lineage="realistic")) is Fit.FITS


@pytest.mark.parametrize("fit", list(Fit))
def test_only_fitting_embeddings_are_usable(fit: Fit) -> None:
    assert fit.is_usable == (fit in (Fit.FITS, Fit.OTHER_LINEAGE))


def test_the_best_come_first() -> None:
    model = a_checkpoint("model", SD1, lineage="realistic", recommended=("Second", "first"))
    embeddings = [
        installed("also", SD1, lineage="sd15", rank=7),
        installed("seldom", SD1, lineage="sd15", rank=7),
        installed("other-lineage", SD1, lineage="anime", rank=1),
        installed("high", SD1, lineage="sd15", rank=3),
        installed("First", SD1, lineage="sd15", rank=1),
        installed("second", SD1, lineage="sd15", rank=99),
        installed("foreign", SDXL, lineage="sdxl", rank=1),
        installed("aaa-no-rank", SD1),
    ]
    names = [embedding.id for embedding in usable_with(model, embeddings)]
    assert names == ["second", "First", "high", "also", "seldom", "aaa-no-rank", "other-lineage"]


def test_the_refusal_names_both_architectures_and_up_to_three_alternatives() -> None:
    sentence = wrong_architecture(
        "EasyNegative", SD1, a_checkpoint("big", SDXL), [installed(name, SDXL) for name in ("a1", "b2", "c3", "d4")]
    )
    assert "EasyNegative was trained for SD 1.5 and can't work with Big, which is SDXL." in sentence
    assert sentence.endswith("These fit Big: a1, b2, c3.")


def test_the_refusal_says_so_if_nothing_fits() -> None:
    sentence = wrong_architecture("x", SD1, a_checkpoint("big", SDXL), [])
    assert sentence.endswith("No embedding that fits Big is installed yet.")
