"""A soak can fail: its verdicts recognise lost requests and duplicate answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.soak.verdict import NO_RESPONSE, Evidence, Outcome, Row, Verdict
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
    """A Discord without a bot; tests do what the bot would have done."""

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

    def judge(self, *rows: Row, reactions: Sequence[tuple[int, int]] = ()) -> Verdict:
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
    assert stage.judge(row(asked)).outcome is Outcome.ONCE
    assert stage.evidence(row(asked)).disagreements() == []


def test_a_failure_is_an_answer(stage: Stage) -> None:
    asked = stage.ask()
    stage.edit(asked, {"content": "The picture could not be made."})
    verdict = stage.judge(row(asked, "failed"))
    assert (verdict.outcome, verdict.sentence) == (Outcome.ONCE, "The picture could not be made.")


@pytest.mark.parametrize("has_row", [True, False])
def test_a_request_without_a_final_answer_is_lost(stage: Stage, has_row: bool) -> None:
    asked = stage.ask()
    rows = [row(asked, "rendered")] if has_row else []
    assert stage.judge(*rows).outcome is Outcome.LOST
    stage.edit(asked, {"content": "third in line", "components": [button("cancel")]})
    assert stage.judge(*rows).outcome is Outcome.LOST


def test_a_card_left_beside_the_pictures_counts_as_lost(stage: Stage) -> None:
    asked = stage.ask()
    sent = stage.send({"components": [button("reroll")]}, PICTURE)
    assert stage.judge(row(asked, message_id=sent.id)).outcome is Outcome.LOST


def test_a_deleted_message_is_lost(stage: Stage) -> None:
    asked = stage.ask()
    assert asked.original is not None
    posting.delete(stage.discord.world, asked.original)
    assert stage.judge().outcome is Outcome.LOST


@pytest.mark.parametrize("second", [{"components": [button("reroll")]}, {"content": "sorry", "nonce": f"job-{JOB}"}])
def test_a_second_answer_in_the_channel_is_a_duplicate(stage: Stage, second: Json) -> None:
    asked = stage.ask()
    stage.edit(asked, {"components": [button("reroll")]}, PICTURE)
    stage.send(second, PICTURE if "components" in second else ())
    assert stage.judge(row(asked)).outcome is Outcome.TWICE


def test_a_request_with_two_rows_is_answered_twice(stage: Stage) -> None:
    asked = stage.ask()
    stage.edit(asked, {"components": [button("reroll")]}, PICTURE)
    stage.send({"components": [button("reroll", JOB + 1)]}, PICTURE)
    assert stage.judge(row(asked), row(asked, id=JOB + 1)).outcome is Outcome.TWICE


def test_a_private_sentence_or_silence_is_a_refusal(stage: Stage) -> None:
    asked = stage.ask(defers=False)
    assert (stage.judge().outcome, stage.judge().sentence) == (Outcome.REFUSED, NO_RESPONSE)
    stage.answer(asked, MESSAGE, {"content": "You have 5 requests in line.", "flags": EPHEMERAL})
    assert (stage.judge().outcome, stage.judge().sentence) == (Outcome.REFUSED, "You have 5 requests in line.")
    assert stage.judge(row(asked, "cancelled")).outcome is Outcome.REFUSED


def test_an_unanswered_row_is_lost_even_without_an_acknowledgement(stage: Stage) -> None:
    assert stage.judge(row(stage.ask(defers=False), "queued")).outcome is Outcome.LOST


def test_a_reaction_counts_once_it_has_a_row(stage: Stage) -> None:
    message = stage.send({"content": "an old picture"})
    pair = stage.ana.id, message.id
    stored = row(None, member_id=stage.ana.id, refers_to=message.id)
    assert stage.judge(reactions=[pair]).outcome is Outcome.UNHEARD
    assert stage.judge(stored, reactions=[pair]).outcome is Outcome.LOST
    sent = stage.send({"components": [button("reroll")]}, PICTURE)
    assert stage.judge(stored, reactions=[pair]).outcome is Outcome.ONCE
    assert stage.evidence(stored, reactions=[pair]).disagreements() == [
        f"job {JOB} is delivered as message None, with pictures in [{sent.id}]"
    ]


def test_a_private_notice_is_the_refusal_of_a_reaction(stage: Stage) -> None:
    pair = stage.ana.id, stage.send({"content": "an old picture"}).id
    world = stage.discord.world
    posting.post(world, world.direct_channel(stage.ana.user), world.bot, {"content": "You have 5 requests in line."})
    assert stage.judge(reactions=[pair]).outcome is Outcome.REFUSED
    assert stage.evidence(reactions=[pair]).disagreements() == []
    sent = stage.send({"components": [button("reroll")]}, PICTURE)
    stored = row(None, member_id=pair[0], refers_to=pair[1], message_id=sent.id)
    (found,) = stage.evidence(stored, reactions=[pair]).disagreements()  # refused, but drawn anyway
    assert found == f"member {pair[0]} has 0 refused reactions but 1 notices"


def test_rows_that_disagree_with_messages_are_named(stage: Stage) -> None:
    asked = stage.ask()
    stage.edit(asked, {"components": [button("reroll")]}, PICTURE)
    assert asked.original is not None
    for wrong, word in ((row(asked, "failed"), "failed"), (row(asked, "rendered"), "still rendered")):
        (found,) = stage.evidence(wrong).disagreements()
        assert word in found
    (found,) = stage.evidence(row(None, message_id=asked.original.id)).disagreements()
    assert found == f"job {JOB} belongs to no request"
