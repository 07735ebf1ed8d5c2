"""What the bot did about one interaction, as the person who started it sees it."""

from __future__ import annotations

from collections.abc import Callable

from playground.actions.interactions import Interaction
from playground.server import Server
from playground.wire.views import Message, Modal, read_modal
from playground.world import Json, User


class Reply:
    """What the bot did about one interaction; follows the answer as it is edited."""

    def __init__(self, server: Server, viewer: User, interaction: Interaction, failed: str | None) -> None:
        self._server = server
        self._viewer = viewer
        self._interaction = interaction
        #: what Discord's client would say instead of an answer
        self.failed = failed

    @property
    def message(self) -> Message | None:
        """The answer as it stands now; for a click, perhaps the message that was clicked."""
        record = self._interaction.original
        return None if record is None else self._server.view(record, self._viewer)

    @property
    def followups(self) -> list[Message]:
        """Messages sent after the answer."""
        return [self._server.view(record, self._viewer) for record in self._interaction.followups]

    @property
    def thinking(self) -> bool:
        return self.message is not None and self.message.thinking

    @property
    def modal(self) -> Modal | None:
        data = self._interaction.modal
        return read_modal(data, self._interaction.token) if data else None

    @property
    def text(self) -> str:
        """All that the answer and the follow-ups say."""
        messages = [*([self.message] if self.message else []), *self.followups]
        return "\n".join(one.text for one in messages if not one.deleted)

    async def until(self, holds: Callable[[Message], bool], timeout: float = 30) -> Message:
        """The answer (or a follow-up), once `holds` is true of it.

        Raises: TimeoutError, saying what was seen last.
        """

        def found() -> Message | None:
            messages = [*self.followups, *([self.message] if self.message else [])]
            return next((one for one in messages if not one.deleted and holds(one)), None)

        return await self._server.until(found, timeout, lambda: f"the answer is still: {self.text[:300]!r}")

    def as_dict(self) -> Json:
        """For the page."""
        return {"failed": self.failed, "modal": self.modal.as_dict() if self.modal else None}
