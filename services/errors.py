"""An error's type is its audience.

UserError                 shown to the member as it is: one sentence that says what to do next
├── UnknownName             no model, embedding, preset or sampler of that name; offers near ones
├── NotInstalled            a curated embedding that isn't here; whoever may can install it with a button
├── DoesNotFit              embedding and model do not go together
├── TooManyEmbeddings       more than the limit, or the same one twice
├── PromptTooLong           does not fit into the chunks an engine takes
├── LimitReached            this member already waits for as much as one may
├── NotAllowed              somebody else's to do
└── Unavailable             the database is away; callers that can wait retry
EngineError               fails the job; the member reads a calm sentence, the operator the cause
├── OutOfMemory             even one picture, or the model itself, did not fit
└── EngineDied              the process crashed or had to be killed

Anything else is a bug: logged with an incident id that the member sees.
"""

from __future__ import annotations

from services.remedies import Remedy


class UserError(Exception):
    """Its text is for the member; where there is a remedy, a button does it."""

    def __init__(self, sentence: str, remedy: Remedy | None = None) -> None:
        super().__init__(sentence)
        self.remedy = remedy
        #: the refused request with the remedy, once it is kept for the button
        self.draft_id: int | None = None


class UnknownName(UserError):
    """A name that means nothing here."""


class NotInstalled(UserError):
    """A known embedding that isn't here."""

    def __init__(self, sentence: str, name: str, remedy: Remedy | None = None) -> None:
        super().__init__(sentence, remedy)
        self.name = name


class DoesNotFit(UserError):
    """An embedding that cannot work with the chosen model."""


class TooManyEmbeddings(UserError):
    """More embeddings than a request may carry, or one twice."""


class PromptTooLong(UserError):
    """More tokens than the chunks of a prompt hold."""


class LimitReached(UserError):
    """The member has to wait for earlier requests."""


class NotAllowed(UserError):
    """The member may not do this here."""


class Unavailable(UserError):
    """The database doesn't answer, or it is unknown whether it did what was asked."""

    def __init__(self) -> None:
        super().__init__("I can't reach my database right now; nothing is lost. Please try again in a minute.")


class EngineError(Exception):
    """The job failed in the engine; its text is for the operator's log."""

    #: what the member reads instead
    calm = (
        "Something went wrong while I was making your picture. Please try again; "
        "if it keeps happening, tell the bot's operator."
    )


class OutOfMemory(EngineError):
    """Not enough memory for a single picture of this size, or for the model."""

    def __init__(self, reason: str, calm: str) -> None:
        """The member reads `calm`, which knows what would fit."""
        super().__init__(reason)
        self.calm = calm


class EngineDied(EngineError):
    """The engine's process ended while it worked."""

    calm = "The renderer crashed while it was making your picture. Please try again, or choose a smaller size."
