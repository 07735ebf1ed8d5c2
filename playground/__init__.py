"""A local Discord: REST, gateway, people, and a page to type in. It knows nothing about the bot that runs against it."""

from playground.errors import NotPossible
from playground.local import Discord
from playground.people.person import Person
from playground.people.replies import Reply
from playground.wire.controls import Button, Choice, Modal
from playground.wire.views import Attachment, Message

__all__ = ["Attachment", "Button", "Choice", "Discord", "Message", "Modal", "NotPossible", "Person", "Reply"]
