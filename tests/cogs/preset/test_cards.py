"""Cards of presets: everything that matters, and never more than Discord takes."""

from __future__ import annotations

from services.presets.lines import LOCKABLE

from cogs.preset.cards import MAX_DESCRIPTION, list_card, preset_card, saved_card
from services.presets.rules import Missing
from services.requests import WHOLE_SERVER, GenerationRequest, Preset, Saved

HERE = 10
LONG = GenerationRequest(
    prompt="p" * 4000, negative="n" * 4000, model="m" * 100, embeddings=("e" * 95 + ":0.5",) * 3, cfg=5.0
)


def a_preset(name: str = "x", *, locked: tuple[str, ...] = (), uses: int = 0, **settings) -> Preset:
    return Preset(1, name, GenerationRequest(**settings), 7, uses, locked)


def test_a_card_marks_what_is_fixed_what_is_gone_and_where_it_applies() -> None:
    preset = a_preset(locked=("cfg", "steps"), uses=1, embeddings=("old:0.8", "blur"), model="gone", cfg=6.0)
    missing = [Missing("model", "gone"), Missing("embedding", "old")]
    card = preset_card(preset, missing, {HERE: "x", WHOLE_SERVER: "x", 11: "x", 12: "y"}, HERE)
    assert (card.description or "").splitlines()[:4] == [
        "**model**: gone (not installed any more)",
        "**embeddings**: old:0.8 (not installed any more), blur",
        "**cfg**: 6 🔒",
        "**steps**: left to the model 🔒",
    ]
    assert card.fields[0].value == "used 1 time · default here · default of the server · default in <#11>"


def test_the_longest_preset_fits_on_its_card() -> None:
    preset = Preset(1, "x" * 32, LONG, 7, 10**6, LOCKABLE)
    places = {2**60 + number: preset.name for number in range(50)}
    card = preset_card(preset, [Missing("embedding", "e" * 95)], places, HERE)
    assert "🔒 is fixed" in (card.description or "")
    assert len(card) < 6000
    assert (card.fields[0].value or "").endswith("and in 47 more")


def test_a_list_shows_whole_lines_as_long_as_there_is_room() -> None:
    presets = [(Preset(1, f"p{number}", LONG, 7, 100 - number), [Missing("embedding", "old")]) for number in range(100)]
    lines = (list_card(presets, {}, HERE).description or "").splitlines()
    assert len("\n".join(lines)) <= MAX_DESCRIPTION
    assert lines[-1] == f"… and {100 - len(lines) + 1} more"
    assert all(line.endswith("⚠️ old, not installed any more") for line in lines[:-1])
    assert list_card([], {}, HERE).description == "There are none yet; /preset save makes one."


def test_an_import_of_many_says_what_became_of_them_within_the_limit() -> None:
    names = tuple(f"{number:032d}" for number in range(100))
    missing = {name: [Missing("embedding", "e" * 95)] for name in names}
    for saved in (Saved(names, (), ()), Saved((), names, ()), Saved(names[:50], (), names[50:])):
        text = saved_card(saved, missing).description or ""
        assert len(text) <= MAX_DESCRIPTION
        assert names[0] in text
        assert ("replace:True" in text) is bool(saved.left)
