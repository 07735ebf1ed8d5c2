"""Changes to a preset: only what is given changes."""

from __future__ import annotations

from typing import Any

from services.choices import EmbeddingChoice
from services.presets.changes import Change, from_form
from services.requests import GenerationRequest, Preset
from tests.builders import choices
from tests.refusals import refused

FULL = GenerationRequest(
    model="demo",
    cfg=6.25,
    steps=20,
    size="64x64",
    sampler="euler_a",
    count=2,
    negative="grey",
    embeddings=choices("a:0.8", "b"),
)
PRESET = Preset(1, "x", FULL, 7, uses=3, locked=("cfg",))


def changed(**change: Any) -> Preset:
    known = {"settings": GenerationRequest(), **change}
    return Change(**known).on(PRESET)


def embeddings_after(*options: tuple[EmbeddingChoice, ...], **more: Any) -> tuple[EmbeddingChoice, ...] | None:
    """The preset's embeddings after these options were given for the first, second and third."""
    return changed(embeddings=options, **more).request.embeddings


def test_a_change_touches_only_what_is_given() -> None:
    assert changed() == PRESET
    assert Change(settings=GenerationRequest()).is_empty
    assert Change(settings=GenerationRequest(), embeddings=((), (), ())).is_empty
    assert not Change(settings=GenerationRequest(), embeddings=((), choices("c"), ())).is_empty
    after = changed(settings=GenerationRequest(steps=5))
    assert after.request == GenerationRequest(steps=5).over(FULL)
    assert (after.locked, after.uses) == (("cfg",), 3)


def test_locks_are_replaced() -> None:
    assert changed(locked="steps,model").locked == ("model", "steps")
    assert changed(locked="none").locked == ()


def test_an_option_replaces_the_embedding_in_its_place() -> None:
    assert embeddings_after((), choices("c"), ()) == choices("a:0.8", "c")
    assert embeddings_after(choices("c"), (), ()) == choices("c", "b")
    assert embeddings_after((), (), choices("c")) == choices("a:0.8", "b", "c")
    assert embeddings_after() == choices("a:0.8", "b")


def test_a_new_preset_gets_the_embedding_of_every_option() -> None:
    new = Preset(1, "x", GenerationRequest(), 7)
    change = Change(settings=GenerationRequest(), embeddings=(choices("a"), choices("b"), ()))
    assert change.on(new).request.embeddings == choices("a", "b")


def test_an_option_with_several_embeddings_puts_them_all_in_its_place() -> None:
    assert embeddings_after(choices("c", "d:0.5"), (), ()) == choices("c", "d:0.5", "b")


def test_settings_are_removed_before_others_are_put_in_their_place() -> None:
    assert embeddings_after(choices("c"), (), (), remove="embeddings") == choices("c")
    assert embeddings_after(remove="embeddings, cfg") is None
    assert changed(remove="cfg").request.cfg is None
    assert changed(remove="cfg", settings=GenerationRequest(cfg=3.0)).request.cfg == 3.0


def test_a_form_replaces_everything_and_an_empty_field_is_no_longer_set() -> None:
    after = from_form(
        PRESET, negative=" ", prompt="a cat", embeddings="b", settings="cfg: 3", locked=("cfg", "negative")
    )
    assert after.request == GenerationRequest(prompt="a cat", embeddings=choices("b"), cfg=3.0)
    assert after.locked == ("negative", "cfg")


def test_a_form_reads_embeddings_in_any_spelling() -> None:
    def embeddings(typed: str) -> tuple[EmbeddingChoice, ...] | None:
        after = from_form(PRESET, negative="", prompt="", embeddings=typed, settings="", locked=())
        return after.request.embeddings

    assert embeddings(" a:0.8, b,, ") == choices("a:0.8", "b")
    assert embeddings("(a:0,8)\nembedding:b") == choices("a:0.8", "b")
    assert embeddings(" , ") is None


def test_a_form_has_no_seed_in_its_line_of_settings() -> None:
    with refused("There's no setting 'Seed' here; you can set Model, CFG scale, Steps, Size, Sampler, Count."):
        from_form(PRESET, negative="", prompt="", embeddings="", settings="Seed: 7", locked=())
