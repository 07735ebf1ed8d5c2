"""A whole local Discord: the server, the people in it, and the page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from playground.page.web import Page
from playground.people.person import Person
from playground.server import ACK_WINDOW, Server


class Discord(Server):
    """A server that people join, from tests or from the page."""

    def __init__(
        self, port: int = 0, *, ack_window: float = ACK_WINDOW, rate_limits: bool = False, spec: Path | None = None
    ) -> None:
        super().__init__(port, ack_window=ack_window, rate_limits=rate_limits, spec=spec)
        self._people: dict[str, Person] = {}
        Page(self, self.person).add_routes(self.app)

    def person(self, name: str, permissions: Iterable[str] = ()) -> Person:
        """The person with that name, who joins the first time they are asked for."""
        person = self._people.get(name)
        if person is None:
            user = self.world.add_user(name)
            self.guild.join(user)
            person = self._people[name] = Person(self, user, next(iter(self.guild.channels.values())))
        person.may(*permissions)
        return person
