"""Who was answered: for each request, the messages on Discord compared with the rows in the database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from benchmarks.soak.journal import Kind, jobs_of, kind_of
from playground import Discord, Message
from playground.actions.interactions import COMMAND, COMPONENT, Interaction
from playground.world import MessageRecord
from services.jobs import Origin
from services.storage import open_storage

REROLL = "🔁"
NO_RESPONSE = "the application did not respond"
#: no member of a soak presses Cancel, so the bot withdrew such a row itself, because it couldn't tell the member of it
WITHDRAWN = "cancelled"
_OPEN = {"queued", "running", "rendered"}
_UNFINISHED = (Kind.THINKING, Kind.CARD)


class Outcome(StrEnum):
    """What became of a request."""

    ONCE = "answered once"
    TWICE = "answered twice"
    LOST = "lost"
    #: the member was told that the request wasn't accepted, or was told nothing and it has no row
    REFUSED = "refused visibly"
    #: a reaction without a row: the bot was down, or was killed before it stored it, and Discord doesn't tell the member
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Row:
    """What a job's row says about its answer."""

    id: int
    state: str
    member_id: int
    token: str | None
    origin: str | None
    reply_id: int | None
    refers_to: int | None
    message_id: int | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on a request.

    `ids` are those of its interaction, jobs and messages; `sentence` is the text of a refusal or a failure.
    """

    way: str
    what: str
    outcome: Outcome
    reason: str
    ids: frozenset[int]
    sentence: str = ""

    def as_line(self) -> str:
        return f"{self.outcome}: {self.way} by {self.what}: {self.reason} {self.sentence[:60]!r}"


@dataclass
class Evidence:
    """Everything known at the end. `reactions` are (member, message) pairs without duplicates."""

    discord: Discord
    rows: Sequence[Row]
    reactions: Sequence[tuple[int, int]]
    _by_job: dict[int, dict[int, MessageRecord]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        channels = self.discord.world.channels.values()
        by_id = {record.id: record for channel in channels for record in channel.messages.values()}
        for record in by_id.values():
            if record.author_id == self.discord.world.bot.id:
                for job in jobs_of(record):
                    self._by_job.setdefault(job, {})[record.id] = record
        for row in self.rows:
            for message_id in (row.reply_id, row.message_id):
                if message_id in by_id:
                    self._by_job.setdefault(row.id, {})[message_id] = by_id[message_id]

    def judge(self) -> list[Verdict]:
        """Judge every request of every member."""
        interactions = self.discord.interactions.by_token.values()
        notices = {member: self._private_notices(member) for member, _ in self.reactions}
        return [
            *(self._judge_interaction(asked) for asked in interactions if asked.kind in (COMMAND, COMPONENT)),
            *(self._judge_reaction(*pair, notices[pair[0]]) for pair in self.reactions),
        ]

    def disagreements(self) -> list[str]:
        """Each job on which the rows and the messages disagree, in words."""
        interactions = self.discord.interactions.by_token.values()
        known = {name for asked in interactions for name in (asked.token, Origin.of_interaction(asked.id).key)}
        found: list[str] = []
        for row in self.rows:
            shown = {record.id for record in self._messages(row) if kind_of(record) is Kind.PICTURES}
            if row.is_open:
                found.append(f"job {row.id} is still {row.state}, with pictures in {sorted(shown)}")
            elif row.state == "delivered" and shown != {row.message_id}:
                found.append(f"job {row.id} is delivered as message {row.message_id}, with pictures in {sorted(shown)}")
            elif row.state not in ("delivered", "deleted") and shown:
                found.append(f"job {row.id} is {row.state}, with pictures in {sorted(shown)}")
            if not {row.token, row.origin} & known and (row.member_id, row.refers_to) not in self.reactions:
                found.append(f"job {row.id} belongs to no request")
        return [*found, *self._extra_notices()]

    def _extra_notices(self) -> list[str]:
        """Members who were told of more refused reactions than they have."""
        accepted = {(row.member_id, row.refers_to) for row in self.rows}
        refused = Counter(member for member, message in self.reactions if (member, message) not in accepted)
        notices = {member: len(self._private_notices(member)) for member, _ in self.reactions}
        return [
            f"member {member} has {refused[member]} refused reactions but {count} notices"
            for member, count in notices.items()
            if count > refused[member]
        ]

    def _messages(self, row: Row) -> list[MessageRecord]:
        return list(self._by_job.get(row.id, {}).values())

    def _judge_interaction(self, asked: Interaction) -> Verdict:
        original = asked.original
        rows = [
            row
            for row in self.rows
            if asked.token == row.token
            or Origin.of_interaction(asked.id).key == row.origin
            or (original and original.id == row.reply_id)
        ]
        way = "command" if asked.kind == COMMAND else "button"
        what = f"{asked.user.name}: {asked.data.get('name') or asked.data.get('custom_id')}"
        messages = [*([original] if original else []), *asked.followups, *self._all(rows)]
        return _judge(way, what, {asked.id}, rows, messages)

    def _judge_reaction(self, member_id: int, message_id: int, notices: list[str]) -> Verdict:
        """Uses up a private notice, since notices don't say which reaction they are about."""
        rows = [row for row in self.rows if (row.member_id, row.refers_to) == (member_id, message_id)]
        what = f"{self.discord.world.users[member_id].name}: {REROLL} on {message_id}"
        if rows:
            return _judge("reaction", what, {message_id}, rows, self._all(rows))
        ids = frozenset({message_id})
        if notices:
            return Verdict("reaction", what, Outcome.REFUSED, "the member was told", ids, notices.pop(0))
        return Verdict("reaction", what, Outcome.UNHEARD, "no row", ids)

    def _private_notices(self, member_id: int) -> list[str]:
        """Direct messages about refused reactions; unlike pictures and failures, they name no job."""
        channel = self.discord.world.direct_channel(self.discord.world.users[member_id])
        return [Message(record.data).text for record in channel.messages.values() if not jobs_of(record)]

    def _all(self, rows: Sequence[Row]) -> list[MessageRecord]:
        return [record for row in rows for record in self._messages(row)]


def _judge(way: str, what: str, ids: set[int], rows: Sequence[Row], messages: Sequence[MessageRecord]) -> Verdict:
    kinds = {record.id: (kind_of(record), record) for record in messages}
    unfinished = [f"{kind} in message {number}" for number, (kind, _) in kinds.items() if kind in _UNFINISHED]
    final = [record for kind, record in kinds.values() if kind in (Kind.PICTURES, Kind.SENTENCE)]
    sentences = [Message(record.data).text for record in final if kind_of(record) is Kind.SENTENCE]
    known = frozenset(ids | kinds.keys() | {row.id for row in rows})
    state = ", ".join(f"job {row.id} {row.state}" for row in rows) or "no row"
    if unfinished:
        return Verdict(way, what, Outcome.LOST, f"unfinished: {' and '.join(unfinished)}; {state}", known)
    is_accepted = any(row.state != WITHDRAWN for row in rows)
    if len(final) > 1 and (is_accepted or any(record.only_for is None for record in final)):
        shown = ", ".join(f"{kind_of(record)} in message {record.id}" for record in final)
        return Verdict(way, what, Outcome.TWICE, f"{shown}; {state}", known)
    if is_accepted:
        outcome = Outcome.ONCE if final else Outcome.LOST
        return Verdict(way, what, outcome, f"{len(final)} answers; {state}", known, "".join(sentences))
    if messages and not final:
        return Verdict(way, what, Outcome.LOST, "its message was deleted, and not replaced", known)
    if final and not sentences:
        return Verdict(way, what, Outcome.ONCE, "pictures without a row", known)
    reason = f"the member was told {len(final)} times"
    return Verdict(way, what, Outcome.REFUSED, reason, known, sentences[0] if sentences else NO_RESPONSE)


async def read_rows(url: str) -> list[Row]:
    """All jobs.

    Raises: what asyncpg and the storage raise, while the server doesn't answer.
    """
    async with open_storage(url) as storage:
        return [_row(dict(record)) for record in await storage.pool.fetch("SELECT * FROM jobs ORDER BY id")]


def _row(row: dict[str, Any]) -> Row:
    return Row(
        id=row["id"],
        state=row["state"],
        member_id=row["member_id"],
        token=row["interaction_token"],
        origin=row["origin"],
        reply_id=row["reply_id"],
        refers_to=row["refers_to"],
        message_id=row["message_id"],
        is_open=row["state"] in _OPEN or ("answered_at" in row and row["answered_at"] is None),
    )


def count_sentences(verdicts: Sequence[Verdict], outcome: Outcome) -> Counter[str]:
    """How often each sentence was the answer; sentences that differ only in numbers or incidents count as the same."""
    sentences = [verdict.sentence for verdict in verdicts if verdict.outcome is outcome and verdict.sentence]
    plain = [re.sub(r"<@\d+> |incident \w+", "", sentence) for sentence in sentences]
    return Counter(re.sub(r"\d+", "n", sentence) for sentence in plain if sentence)
