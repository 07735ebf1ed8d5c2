"""Cards about presets: everything that matters, and never more than Discord accepts."""

from __future__ import annotations

from cogs.preset.cards import list_card, preset_card, saved_card
from cogs.text import MAX_DESCRIPTION, MAX_FIELD
from services.presets.fields import LOCKABLE
from services.presets.rules import Missing
from services.requests import WHOLE_SERVER, GenerationRequest, Preset, Saved
from tests.builders import choices
from tests.cogs.discord_markup import shown
from tests.sentences.presets import NONE_YET

HERE = 10
LONG = GenerationRequest(
    prompt="p" * 4000, negative="n" * 4000, model="m" * 100, embeddings=choices("e" * 95 + ":0.5") * 3, cfg=5.0
)


def a_preset(name: str = "x", *, locked: tuple[str, ...] = (), uses: int = 0, **settings) -> Preset:
    return Preset(1, name, GenerationRequest(**settings), 7, uses, locked)


def test_a_card_marks_locks_and_what_is_missing_and_says_where_it_is_the_default() -> None:
    preset = a_preset(locked=("cfg", "steps"), uses=1, embeddings=choices("old:0.8", "blur"), model="gone", cfg=6.0)
    missing = [Missing("model", "gone"), Missing("embedding", "old")]
    card = preset_card(preset, missing, {HERE: "x", WHOLE_SERVER: "x", 11: "x", 12: "y"}, HERE)
    assert (card.description or "").splitlines()[:4] == [
        "**model**: gone (no longer installed)",
        "**embeddings**: old:0.8 (no longer installed), blur",
        "**cfg**: 6 🔒",
        "**steps**: left to the model 🔒",
    ]
    assert card.fields[0].value == "used 1 time · default here · default of the server · default in <#11>"


def test_the_longest_preset_fits_on_its_card() -> None:
    preset = Preset(1, "x" * 32, LONG, 7, 10**6, LOCKABLE)
    places = {2**60 + number: preset.name for number in range(50)}
    card = preset_card(preset, [Missing("embedding", "e" * 95)], places, HERE)
    assert "🔒 is locked: members can't override it." in (card.description or "")
    assert len(card) < 6000
    assert (card.fields[0].value or "").endswith("… and 47 more")
    assert len(card.fields[0].value or "") <= MAX_FIELD


def test_a_list_shows_as_many_whole_lines_as_fit() -> None:
    presets = [(Preset(1, f"p{number}", LONG, 7, 100 - number), [Missing("embedding", "old")]) for number in range(100)]
    lines = (list_card(presets, {}, HERE).description or "").splitlines()
    assert len("\n".join(lines)) <= MAX_DESCRIPTION
    assert lines[-1] == f"… and {100 - len(lines) + 1} more"
    assert all(line.endswith("⚠️ old, no longer installed") for line in lines[:-1])
    assert list_card([], {}, HERE).description == NONE_YET


def test_an_import_of_many_presets_says_what_happened_to_them_within_the_limit() -> None:
    names = tuple(f"{number:032d}" for number in range(100))
    missing = {name: [Missing("embedding", "e" * 95)] for name in names}
    for saved in (Saved(names, (), ()), Saved((), names, ()), Saved(names[:50], (), names[50:])):
        text = saved_card(saved, missing).description or ""
        assert len(text) <= MAX_DESCRIPTION
        assert names[0] in text
        assert ("replace:True" in text) is bool(saved.kept)


MARKUP = "[free](https://example.com), **bold**\n# heading\n||hidden||"


def test_texts_and_names_are_shown_as_they_were_typed() -> None:
    preset = a_preset("__x__", negative=MARKUP, prompt=MARKUP, model="*m*", embeddings=choices("[e]:0.8"))
    gone = [Missing("embedding", "[e]")]
    card = preset_card(preset, gone, {}, HERE)
    assert shown(card.title or "") == "__x__"
    assert plain(card.description).count(MARKUP) == 2
    assert "__x__" in plain(list_card([(preset, gone)], {}, HERE).description)
    saved = saved_card(Saved(("__x__",), (), ()), {"__x__": [Missing("model", "*m*")]})
    assert "__x__ needs what isn't installed here: *m*." in plain(saved.description)


def plain(text: str | None) -> str:
    """A card's text as it is shown, but for its own bold words. Fails, if other markup is live in it."""
    return shown((text or "").replace("**", ""))
