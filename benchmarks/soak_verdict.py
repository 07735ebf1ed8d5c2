"""Who was answered: what the world shows and what the rows say, put beside each other, ask by ask."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from benchmarks.soak_journal import Look, jobs_of, look_of
from playground import Discord
from playground.actions.interactions import COMMAND, COMPONENT, Interaction
from playground.wire.views import read_message
from playground.world import MessageRecord
from services.storage import open_storage

REROLL = "🔁"
NOTHING_SAID = "the application did not respond"
#: nobody here presses Cancel, so the bot itself took such a row back when it could not tell the member of it
WITHDRAWN = "cancelled"
_OPEN = {"queued", "running", "rendered"}
_STANDING = (Look.THINKING, Look.CARD)


class Outcome(StrEnum):
    """What became of an ask."""

    ONCE = "answered once"
    TWICE = "answered twice"
    LOST = "lost"
    #: the member was told that nothing was taken, or told nothing at all and no row knows of it
    REFUSED = "refused visibly"
    #: a reaction while nobody listened, or whose listener was killed before it was stored: Discord shows nothing of it
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Row:
    """What a job's row says of its answer."""

    id: int
    state: str
    member_id: int
    token: str | None
    origin: int | None
    reply_id: int | None
    refers_to: int | None
    message_id: int | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """One ask. `ids` are those of its interaction, jobs and messages; `sentence` is a refusal's or a failure's."""

    way: str
    what: str
    outcome: Outcome
    reason: str
    ids: frozenset[int]
    sentence: str = ""


@dataclass
class Evidence:
    """Everything there is at the end. `reactions` are (member, message) pairs, none of them twice."""

    discord: Discord
    rows: Sequence[Row]
    reactions: Sequence[tuple[int, int]]
    _of_job: dict[int, dict[int, MessageRecord]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        by_id = {one.id: one for channel in self.discord.world.channels.values() for one in channel.messages.values()}
        for record in by_id.values():
            if record.author_id == self.discord.world.bot.id:
                for job in jobs_of(record):
                    self._of_job.setdefault(job, {})[record.id] = record
        for row in self.rows:
            for message_id in (row.reply_id, row.message_id):
                if message_id in by_id:
                    self._of_job.setdefault(row.id, {})[message_id] = by_id[message_id]

    def judge(self) -> list[Verdict]:
        """Every ask of everybody."""
        asked = [one for one in self.discord.interactions.by_token.values() if one.kind in (COMMAND, COMPONENT)]
        said = {member: self._said_privately(member) for member, _ in self.reactions}
        return [
            *map(self._of_interaction, asked),
            *(self._of_reaction(*pair, said[pair[0]]) for pair in self.reactions),
        ]

    def disagreements(self) -> list[str]:
        """Where the rows and the world differ, by job."""
        known = {name for one in self.discord.interactions.by_token.values() for name in (one.token, one.id)}
        found: list[str] = []
        for row in self.rows:
            shown = {one.id for one in self._messages(row) if look_of(one) is Look.PICTURES}
            if row.is_open:
                found.append(f"job {row.id} is still {row.state}, and shown by {sorted(shown)}")
            elif row.state == "delivered" and shown != {row.message_id}:
                found.append(f"job {row.id} is delivered as message {row.message_id}, and shown by {sorted(shown)}")
            elif row.state not in ("delivered", "deleted") and shown:
                found.append(f"job {row.id} is {row.state}, and shown by {sorted(shown)}")
            if not {row.token, row.origin} & known and (row.member_id, row.refers_to) not in self.reactions:
                found.append(f"job {row.id} was asked for by nobody")
        return [*found, *self._told_too_often()]

    def _told_too_often(self) -> list[str]:
        """Members who were told that nothing came of more reactions than came to nothing."""
        taken = {(row.member_id, row.refers_to) for row in self.rows}
        refused = Counter(member for member, message in self.reactions if (member, message) not in taken)
        said = {member: len(self._said_privately(member)) for member, _ in self.reactions}
        return [
            f"member {member} was told of {times} reactions that {refused[member]} were not taken"
            for member, times in said.items()
            if times > refused[member]
        ]

    def _messages(self, row: Row) -> list[MessageRecord]:
        return list(self._of_job.get(row.id, {}).values())

    def _of_interaction(self, asked: Interaction) -> Verdict:
        original = asked.original
        rows = [
            row
            for row in self.rows
            if asked.token == row.token or asked.id == row.origin or (original and original.id == row.reply_id)
        ]
        way = "command" if asked.kind == COMMAND else "button"
        what = f"{asked.user.name}: {asked.data.get('name') or asked.data.get('custom_id')}"
        told = [*([original] if original else []), *asked.followups, *self._all(rows)]
        return _judged(way, what, {asked.id}, rows, told)

    def _of_reaction(self, member_id: int, message_id: int, said: list[str]) -> Verdict:
        """What was said privately to a member is used up: it says nothing of which reaction it is about."""
        rows = [row for row in self.rows if (row.member_id, row.refers_to) == (member_id, message_id)]
        what = f"{self.discord.world.users[member_id].name}: {REROLL} on {message_id}"
        if rows:
            return _judged("reaction", what, {message_id}, rows, self._all(rows))
        ids = frozenset({message_id})
        if said:
            return Verdict("reaction", what, Outcome.REFUSED, "nothing was taken", ids, said.pop(0))
        return Verdict("reaction", what, Outcome.UNHEARD, "no row", ids)

    def _said_privately(self, member_id: int) -> list[str]:
        """Sentences about reactions; pictures and last words name their job."""
        channel = self.discord.world.direct_channel(self.discord.world.users[member_id])
        return [read_message(one.data).text for one in channel.messages.values() if not jobs_of(one)]

    def _all(self, rows: Sequence[Row]) -> list[MessageRecord]:
        return [record for row in rows for record in self._messages(row)]


def _judged(way: str, what: str, ids: set[int], rows: Sequence[Row], messages: Sequence[MessageRecord]) -> Verdict:
    looks = {record.id: (look_of(record), record) for record in messages}
    standing = [f"{look} in message {number}" for number, (look, _) in looks.items() if look in _STANDING]
    final = [record for look, record in looks.values() if look in (Look.PICTURES, Look.SENTENCE)]
    sentences = [read_message(one.data).text for one in final if look_of(one) is Look.SENTENCE]
    known = frozenset(ids | looks.keys() | {row.id for row in rows})
    state = ", ".join(f"job {row.id} {row.state}" for row in rows) or "no row"
    if standing:
        return Verdict(way, what, Outcome.LOST, f"there still stands {' and '.join(standing)}; {state}", known)
    is_taken = any(row.state != WITHDRAWN for row in rows)
    if len(final) > 1 and (is_taken or any(one.only_for is None for one in final)):
        shown = ", ".join(f"{look_of(one)} in message {one.id}" for one in final)
        return Verdict(way, what, Outcome.TWICE, f"{shown}; {state}", known)
    if is_taken:
        outcome = Outcome.ONCE if final else Outcome.LOST
        return Verdict(way, what, outcome, f"{len(final)} answers; {state}", known, "".join(sentences))
    if messages and not final:
        return Verdict(way, what, Outcome.LOST, "its message was taken away, and nothing came instead", known)
    if final and not sentences:
        return Verdict(way, what, Outcome.ONCE, "pictures of no row", known)
    told = f"nothing was taken, said {len(final)} times"
    return Verdict(way, what, Outcome.REFUSED, told, known, sentences[0] if sentences else NOTHING_SAID)


async def read_rows(url: str) -> list[Row]:
    """Every job; the server must be there."""
    async with open_storage(url) as storage:
        return [_row(dict(one)) for one in await storage.pool.fetch("SELECT * FROM jobs ORDER BY id")]


def _row(row: dict[str, Any]) -> Row:
    return Row(
        id=row["id"],
        state=row["state"],
        member_id=row["member_id"],
        token=row["interaction_token"],
        origin=row.get("origin"),
        reply_id=row["reply_id"],
        refers_to=row["refers_to"],
        message_id=row["message_id"],
        is_open=row["state"] in _OPEN or ("answered_at" in row and row["answered_at"] is None),
    )


def sentences_of(verdicts: Sequence[Verdict], outcome: Outcome) -> Counter[str]:
    """How often which sentence was the answer; numbers and incidents do not tell them apart."""
    said = [re.sub(r"<@\d+> |incident \w+", "", one.sentence) for one in verdicts if one.outcome is outcome]
    return Counter(re.sub(r"\d+", "n", one) for one in said if one)
