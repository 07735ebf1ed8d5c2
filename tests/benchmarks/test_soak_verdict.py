"""The judge of the soak finds what is lost and what comes twice, or the soak could not fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.soak_verdict import NOTHING_SAID, Evidence, Outcome, Row, Verdict
from playground import Discord
from playground.actions import posting
from playground.actions.interactions import COMMAND, DEFERRED_MESSAGE, MESSAGE, Interaction
from playground.world import EPHEMERAL, Json, MessageRecord

JOB = 7
PICTURE = [("picture.png", b"\x89PNG\r\n\x1a\n")]


def button(action: str, job: int = JOB) -> Json:
    return {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": f"{action}:{job}"}]}


def row(asked: Interaction | None, state: str = "delivered", **changes: object) -> Row:
    values: dict[str, object] = {
        "id": JOB, "state": state, "member_id": asked.user.id if asked else 0, "token": asked.token if asked else None,
        "origin": None, "reply_id": None, "refers_to": None, "is_open": state in ("queued", "running", "rendered"),
        "message_id": asked.original.id if asked and asked.original and state == "delivered" else None,
    }  # fmt: skip
    return Row(**{**values, **changes})  # pyright: ignore[reportArgumentType]


class Stage:
    """A Discord without a bot: what it did is put there by hand."""

    def __init__(self) -> None:
        self.discord = Discord()
        self.ana = self.discord.person("ana")

    def ask(self, *, defers: bool = True) -> Interaction:
        asked = self.discord.interactions.create(COMMAND, self.ana.user, self.ana.channel, {"name": "imagine"})
        return self.answer(asked, DEFERRED_MESSAGE, {}) if defers else asked

    def answer(self, asked: Interaction, kind: int, data: Json) -> Interaction:
        return self.discord.interactions.respond(asked.id, asked.token, {"type": kind, "data": data}, ())

    def edit(self, asked: Interaction, body: Json, files: Sequence[tuple[str, bytes]] = ()) -> None:
        assert asked.original is not None
        posting.edit(self.discord.world, asked.original, body, files)

    def send(self, body: Json, files: Sequence[tuple[str, bytes]] = ()) -> MessageRecord:
        return posting.post(self.discord.world, self.ana.channel, self.discord.world.bot, body, files)

    def judged(self, *rows: Row, reactions: Sequence[tuple[int, int]] = ()) -> Verdict:
        (verdict,) = self.evidence(*rows, reactions=reactions).judge()
        return verdict

    def evidence(self, *rows: Row, reactions: Sequence[tuple[int, int]] = ()) -> Evidence:
        return Evidence(self.discord, rows, reactions)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_pictures_in_the_reply_are_an_answer(stage: Stage) -> None:
    asked = stage.ask()
    stage.edit(asked, {"components": [button("reroll")]}, PICTURE)
    assert stage.judged(row(asked)).outcome is Outcome.ONCE
    assert stage.evidence(row(asked)).disagreements() == []


def test_a_calm_sentence_is_an_answer(stage: Stage) -> None:
    asked = stage.ask()
    stage.edit(asked, {"content": "The picture could not be made."})
    verdict = stage.judged(row(asked, "failed"))
    assert (verdict.outcome, verdict.sentence) == (Outcome.ONCE, "The picture could not be made.")


@pytest.mark.parametrize("has_row", [True, False])
def test_who_still_waits_is_lost(stage: Stage, has_row: bool) -> None:
    asked = stage.ask()
    rows = [row(asked, "rendered")] if has_row else []
    assert stage.judged(*rows).outcome is Outcome.LOST
    stage.edit(asked, {"content": "third in line", "components": [button("cancel")]})
    assert stage.judged(*rows).outcome is Outcome.LOST


def test_a_card_that_stands_beside_the_pictures_is_lost_too(stage: Stage) -> None:
    asked = stage.ask()
    sent = stage.send({"components": [button("reroll")]}, PICTURE)
    assert stage.judged(row(asked, message_id=sent.id)).outcome is Outcome.LOST


def test_a_message_that_was_taken_away_is_lost(stage: Stage) -> None:
    asked = stage.ask()
    assert asked.original is not None
    posting.delete(stage.discord.world, asked.original)
    assert stage.judged().outcome is Outcome.LOST


@pytest.mark.parametrize("second", [{"components": [button("reroll")]}, {"content": "sorry", "nonce": f"job-{JOB}"}])
def test_a_second_answer_in_the_channel_is_one_too_many(stage: Stage, second: Json) -> None:
    asked = stage.ask()
    stage.edit(asked, {"components": [button("reroll")]}, PICTURE)
    stage.send(second, PICTURE if "components" in second else ())
    assert stage.judged(row(asked)).outcome is Outcome.TWICE


def test_one_ask_with_two_rows_is_answered_twice(stage: Stage) -> None:
    asked = stage.ask()
    stage.edit(asked, {"components": [button("reroll")]}, PICTURE)
    stage.send({"components": [button("reroll", JOB + 1)]}, PICTURE)
    assert stage.judged(row(asked), row(asked, id=JOB + 1)).outcome is Outcome.TWICE


def test_a_private_sentence_or_silence_is_a_refusal(stage: Stage) -> None:
    asked = stage.ask(defers=False)
    assert (stage.judged().outcome, stage.judged().sentence) == (Outcome.REFUSED, NOTHING_SAID)
    stage.answer(asked, MESSAGE, {"content": "You have 5 requests in line.", "flags": EPHEMERAL})
    assert (stage.judged().outcome, stage.judged().sentence) == (Outcome.REFUSED, "You have 5 requests in line.")
    assert stage.judged(row(asked, "cancelled")).outcome is Outcome.REFUSED


def test_a_row_that_nobody_answered_is_lost_even_after_silence(stage: Stage) -> None:
    assert stage.judged(row(stage.ask(defers=False), "queued")).outcome is Outcome.LOST


def test_a_reaction_counts_when_it_was_stored(stage: Stage) -> None:
    message = stage.send({"content": "an old picture"})
    pair = stage.ana.id, message.id
    stored = row(None, member_id=stage.ana.id, refers_to=message.id)
    assert stage.judged(reactions=[pair]).outcome is Outcome.UNHEARD
    assert stage.judged(stored, reactions=[pair]).outcome is Outcome.LOST
    sent = stage.send({"components": [button("reroll")]}, PICTURE)
    assert stage.judged(stored, reactions=[pair]).outcome is Outcome.ONCE
    assert stage.evidence(stored, reactions=[pair]).disagreements() == [
        f"job {JOB} is delivered as message None, and shown by [{sent.id}]"
    ]


def test_what_is_said_privately_is_the_refusal_of_a_reaction(stage: Stage) -> None:
    pair = stage.ana.id, stage.send({"content": "an old picture"}).id
    world = stage.discord.world
    posting.post(world, world.direct_channel(stage.ana.user), world.bot, {"content": "You have 5 requests in line."})
    assert stage.judged(reactions=[pair]).outcome is Outcome.REFUSED
    assert stage.evidence(reactions=[pair]).disagreements() == []
    sent = stage.send({"components": [button("reroll")]}, PICTURE)
    stored = row(None, member_id=pair[0], refers_to=pair[1], message_id=sent.id)
    (found,) = stage.evidence(stored, reactions=[pair]).disagreements()  # refused, and drawn all the same
    assert found == f"member {pair[0]} was told of 1 reactions that 0 were not taken"


def test_rows_that_contradict_the_world_are_named(stage: Stage) -> None:
    asked = stage.ask()
    stage.edit(asked, {"components": [button("reroll")]}, PICTURE)
    assert asked.original is not None
    for wrong, word in ((row(asked, "failed"), "failed"), (row(asked, "rendered"), "still rendered")):
        (found,) = stage.evidence(wrong).disagreements()
        assert word in found
    (found,) = stage.evidence(row(None, message_id=asked.original.id)).disagreements()
    assert found == f"job {JOB} was asked for by nobody"
