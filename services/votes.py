"""What a server's members think of its embeddings, from their votes on comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress

from services.errors import Unavailable, UserError
from services.jobs import Job
from services.storage.votes import Tally, VoteStore

#: fewer votes say nothing about a server
MIN_VOTES = 3
#: of the standard normal distribution, for 95 % certainty on both sides
_Z = 1.96


class Votes:
    """Keeps every server's tallies in memory, since autocomplete reads nothing else."""

    def __init__(self, store: VoteStore) -> None:
        self._store = store
        self._tallies: dict[int, dict[str, Tally]] = {}

    async def load(self) -> None:
        """Read all tallies; without them autocomplete is merely less well sorted."""
        with suppress(Unavailable):
            self._tallies |= await self._store.tallies()

    async def cast(self, job: Job, member_id: int, column: int) -> dict[int, int]:
        """Record or change a member's vote; returns how many votes each column has.

        Raises: UserError, if there is no such column.
        """
        comparison = job.parameters.comparison
        if comparison is None or not 0 <= column < len(comparison.columns):
            raise UserError("That isn't a column of this comparison.")
        counts = await self._store.cast(job.id, member_id, column)
        if (guild_id := job.target.guild_id) is not None:
            self._tallies[guild_id] = (await self._store.tallies(guild_id)).get(guild_id, {})
        return counts

    async def counts(self, job: Job) -> dict[int, int]:
        """How many votes each column has."""
        return await self._store.counts(job.id)

    async def close(self, job: Job) -> dict[int, int]:
        """Show from now on which column of a blind comparison is which; returns the votes of each."""
        await self._store.unblind(job.id)
        return await self._store.counts(job.id)

    def tally(self, guild_id: int | None, embedding_id: str) -> Tally:
        """A server's votes on one embedding."""
        return self._tallies.get(guild_id or 0, {}).get(embedding_id, Tally(0, 0))

    def standings(self, guild_id: int | None) -> Mapping[str, float]:
        """How well liked each embedding is for certain, from 0 to 1, by a server's votes."""
        tallies = self._tallies.get(guild_id or 0, {})
        return {name: wilson_lower_bound(*tally) for name, tally in tallies.items() if tally.cast >= MIN_VOTES}


def wilson_lower_bound(successes: int, trials: int) -> float:
    """The share of successes that is exceeded with 97.5 % certainty; 0 without any success.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if not successes:
        return 0.0
    share, spread = successes / trials, _Z * _Z / trials
    margin = _Z * math.sqrt((share * (1 - share) + spread / 4) / trials)
    return max(0.0, (share + spread / 2 - margin) / (1 + spread))
