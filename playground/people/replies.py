"""The bot's response to an interaction, as the person who started it sees it."""

from __future__ import annotations

from collections.abc import Callable

from playground.actions.interactions import Interaction
from playground.server import Server
from playground.wire.controls import Modal
from playground.wire.views import Message
from playground.world import Json, User


class Reply:
    """The response to one interaction; it always shows the current state of the bot's messages."""

    def __init__(self, server: Server, viewer: User, interaction: Interaction, failed: str | None) -> None:
        self._server = server
        self._viewer = viewer
        self._interaction = interaction
        #: the error Discord's client shows when the bot doesn't respond
        self.failed = failed

    @property
    def message(self) -> Message | None:
        """The response as it is now; after a click this may be the message that was clicked."""
        record = self._interaction.original
        return None if record is None else self._server.view(record, self._viewer)

    @property
    def followups(self) -> list[Message]:
        """Messages sent after the first response."""
        return [self._server.view(record, self._viewer) for record in self._interaction.followups]

    @property
    def thinking(self) -> bool:
        return self.message is not None and self.message.thinking

    @property
    def modal(self) -> Modal | None:
        data = self._interaction.modal
        return Modal(data, self._interaction.token) if data else None

    @property
    def text(self) -> str:
        """The text of the response and all follow-ups."""
        messages = [*([self.message] if self.message else []), *self.followups]
        return "\n".join(message.text for message in messages if not message.deleted)

    async def until(self, holds: Callable[[Message], bool], timeout: float = 30) -> Message:
        """The response or a follow-up, once `holds` is true for it.

        Raises: TimeoutError, with the last text that was visible.
        """

        def found() -> Message | None:
            messages = [*self.followups, *([self.message] if self.message else [])]
            return next((message for message in messages if not message.deleted and holds(message)), None)

        return await self._server.until(found, timeout, lambda: f"the reply is still: {self.text[:300]!r}")

    def as_dict(self) -> Json:
        """The form that the page receives."""
        return {"failed": self.failed, "modal": self.modal.as_dict() if self.modal else None}
