"""A local Discord: REST, gateway, people, and a page to type in. Knows nothing of the bot that runs against it."""

from playground.errors import NotPossible
from playground.local import Discord
from playground.messages import Attachment, Button, Choice, Message, Modal
from playground.people import Person
from playground.replies import Reply

__all__ = ["Attachment", "Button", "Choice", "Discord", "Message", "Modal", "NotPossible", "Person", "Reply"]
