"""An SDXL embedding is a pair: both encoders get their half, or the embedding is refused. Sets of embeddings keep their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from embeddings.architecture import Architecture
from embeddings.errors import RefusedFile
from embeddings.reader import read_file
from services.engine.conditioning import Conditioner
from services.engine.loader import LoadedCheckpoint
from services.parameters import PlacedEmbedding
from tests.embeddings.files import pair, rows, tensor_file
from tests.services.engine.stock import assert_same, difference
from tests.services.engine.tiny import placed

NEGATIVE = "blurry, low quality"
ByName = Callable[[str], Any]


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"clip_g": rows(2, 1280)}, "1280 wide: this is only half of an SDXL embedding, without its clip_l"),
        ({"emb_params": rows(2, 1280)}, "1280 wide: this is only half of an SDXL embedding, without its clip_l"),
        ({"clip_l": rows(2, 768), "clip_g": rows(3, 1280)}, "have 2 and 3 vectors"),
        ({"clip_l": rows(2, 1280), "clip_g": rows(2, 768)}, "1280 and 768 wide; for SDXL they must be 768 and 1280"),
        ({"clip_l": rows(2, 768), "clip_g": rows(2, 768)}, "768 and 768 wide; for SDXL they must be 768 and 1280"),
    ],
    ids=["second half", "second half without a name", "different lengths", "swapped", "first half twice"],
)
def test_half_a_pair_is_refused(tmp_path: Path, tensors: dict[str, Any], reason: str) -> None:
    (tmp_path / "half.safetensors").write_bytes(tensor_file(tensors))
    with pytest.raises(RefusedFile, match=reason):
        read_file(tmp_path / "half.safetensors")


def test_the_first_half_alone_is_an_embedding_for_sd1(tmp_path: Path) -> None:
    (tmp_path / "first.safetensors").write_bytes(tensor_file({"clip_l": pair()["clip_l"]}))
    assert read_file(tmp_path / "first.safetensors").embedding.architecture is Architecture.SD1


@pytest.mark.parametrize("missing", ["clip_l", "clip_g"])
def test_encoding_half_a_pair_raises_and_leaves_no_trace(sdxl: LoadedCheckpoint, missing: str) -> None:
    conditioner = Conditioner(Architecture.SDXL, sdxl.pipe)
    whole = placed(Architecture.SDXL)
    half = replace(whole, vectors={name: vectors for name, vectors in whole.vectors.items() if name != missing})
    with pytest.raises(ValueError, match=r"^easyneg is for clip_[lg], not for clip_l, clip_g$"):
        conditioner.encode(NEGATIVE, [half])
    # not in the cache, where the complete embedding has the same key, and not in an encoder
    assert_same(conditioner.encode(NEGATIVE, [whole]), sdxl.conditioner.encode(NEGATIVE, [whole]))
    assert_same(conditioner.encode(NEGATIVE), sdxl.conditioner.encode(NEGATIVE))


def test_a_pair_is_refused_by_an_sd1_checkpoint(sd1: LoadedCheckpoint) -> None:
    """SD 1's encoder has the same name and width as SDXL's first."""
    with pytest.raises(ValueError, match=r"^easyneg is for clip_l, clip_g, not for clip_l$"):
        sd1.conditioner.encode(NEGATIVE, [placed(Architecture.SD1), placed(Architecture.SDXL)])


def test_each_sdxl_encoder_gets_its_own_half(sdxl: LoadedCheckpoint) -> None:
    one, other = placed(Architecture.SDXL, seed=1), placed(Architecture.SDXL, seed=2)
    mixed = replace(
        one, content_hash="mixed", vectors={"clip_l": one.vectors["clip_l"], "clip_g": other.vectors["clip_g"]}
    )
    of_one, of_other, of_mixed = (sdxl.conditioner.encode(NEGATIVE, [each]) for each in (one, other, mixed))
    assert difference(of_mixed.states[..., :768], of_one.states[..., :768]) == 0
    assert difference(of_mixed.states[..., 768:], of_other.states[..., 768:]) == 0
    assert difference(of_one.states[..., :768], of_other.states[..., :768]) > 0.01
    assert difference(of_one.states[..., 768:], of_other.states[..., 768:]) > 0.01


def encoded_after(loaded: LoadedCheckpoint, *before: list[PlacedEmbedding], wanted: list[PlacedEmbedding]) -> Any:
    conditioner = Conditioner(loaded.checkpoint.architecture, loaded.pipe)
    for embeddings in before:
        conditioner.encode(NEGATIVE, embeddings)
    return conditioner.encode(NEGATIVE, wanted)


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl", "demo"])
def test_the_order_of_embeddings_matters_but_earlier_requests_do_not(by_name: ByName, checkpoint: str) -> None:
    loaded: LoadedCheckpoint = by_name(checkpoint)
    kind = loaded.checkpoint.architecture
    a, b = placed(kind, 3, seed=1), placed(kind, 5, seed=2, strength=0.8)
    first, reversed_order = encoded_after(loaded, wanted=[a, b]), encoded_after(loaded, wanted=[b, a])
    assert difference(first.states, reversed_order.states) > 0.001
    assert_same(encoded_after(loaded, [b, a], [a], [b], wanted=[a, b]), first)
    assert_same(encoded_after(loaded, [a, b], [], wanted=[b, a]), reversed_order)


def test_every_choice_order_and_strength_has_its_own_cache_entry(sd1: LoadedCheckpoint) -> None:
    conditioner = Conditioner(Architecture.SD1, sd1.pipe)
    three = [placed(Architecture.SD1, 2, seed=seed) for seed in range(3)]
    selections = [list(chosen) for count in range(4) for chosen in permutations(three, count)]
    selections += [[replace(three[0], strength=0.5), three[1]], [three[0], replace(three[1], strength=0.5)]]
    encoded = [conditioner.encode(NEGATIVE, selection) for selection in selections]
    for number, conditioning in enumerate(encoded):
        assert conditioner.encode(NEGATIVE, selections[number]) is conditioning
        assert all(difference(conditioning.states, other.states) > 0 for other in encoded[number + 1 :])
