"""Run a script through the playground, headless: the real bot in its own process, and what people would see of it."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.process import BotProcess
from bot.script import RESTART, Action
from playground import Discord, Message, Modal, NotPossible, Person, Reply

ANSWER_TIMEOUT = 120.0  # seconds; a picture of the demo takes one or two
#: whoever is called so, or comes first, runs the server
_MODERATORS = {"owner", "admin", "mod", "moderator"}
_PERMISSIONS = ("manage_guild", "manage_messages")


async def try_script(actions: Sequence[Action], out: Path) -> bool:
    """Do everything in order, print one JSON object a line, and tell whether every action got an answer."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="negative-space-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the database's account must get through
        async with Discord() as discord, BotProcess(discord, Path(folder)) as bot:
            trial = Trial(discord, bot, out)
            results = [await trial.do(action) for action in actions]
    return all(results)


class Trial:
    """The state between actions: who is there, which form is open."""

    def __init__(self, discord: Discord, bot: BotProcess, out: Path) -> None:
        self._discord = discord
        self._bot = bot
        self._out = out
        self._forms: dict[str, Modal] = {}
        self._first: str | None = None

    async def do(self, action: Action) -> bool:
        """Do one action, print its line, and tell whether it was answered."""
        line: dict[str, Any] = {"action": action.text, "person": action.person, "ok": True}
        try:
            line |= await self._act(action)
        except (NotPossible, TimeoutError, RuntimeError) as error:
            line |= {"ok": False, "error": str(error)}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return line["ok"]

    async def _act(self, action: Action) -> dict[str, Any]:
        if action.verb == RESTART:
            await self._bot.restart()
            return {}
        person = self._person(action.person or "")
        match action.verb:
            case "/":
                return await self._answer(person, await person.types(action.argument))
            case "autocomplete":
                choices = await person.completes(action.argument)
                return {"choices": [{"name": one.name, "value": one.value} for one in choices]}
            case "click":
                return await self._answer(person, await person.click(self._picture(person), action.argument))
            case "react":
                return await self._react(person, action.argument)
            case "unreact":
                await person.unreact(self._picture(person), action.argument)
            case "submit":
                return await self._submit(person, action.argument)
            case "say":
                return await self._described([await person.say(action.argument)])
            case "delete":
                await person.delete(self._picture(person))
        return {}

    async def _answer(self, person: Person, reply: Reply) -> dict[str, Any]:
        if reply.failed:
            raise TimeoutError(reply.failed)
        if reply.modal is not None:
            self._forms[person.name] = reply.modal
            return {"modal": {"title": reply.modal.title, "fields": [one.label for one in reply.modal.fields]}}
        if reply.message is None or reply.message.deleted:  # a click that removed its message
            return await self._described([one for one in reply.followups if not one.deleted])
        await reply.until(is_final, ANSWER_TIMEOUT)
        messages = [one for one in (reply.message, *reply.followups) if one and not one.deleted]
        return await self._described(messages)

    async def _react(self, person: Person, emoji: str) -> dict[str, Any]:
        picture = self._picture(person)
        before = {one.id for one in (*person.sees(), *person.direct_messages())}
        await person.react(picture, emoji)

        def answer() -> Message | None:
            seen = (*person.sees(), *person.direct_messages())
            return next((one for one in seen if one.id not in before and one.is_bot and is_final(one)), None)

        found = await self._discord.until(answer, ANSWER_TIMEOUT, lambda: "nothing came of the reaction")
        return await self._described([found])

    async def _submit(self, person: Person, typed: str) -> dict[str, Any]:
        form = self._forms.pop(person.name, None)
        if form is None:
            raise NotPossible("No form is open.")
        values: dict[str, str | list[str]] = {}
        for part in typed.split(";"):
            name, _, value = part.partition(":")
            field = next((one for one in form.fields if one.label.casefold() == name.strip().casefold()), None)
            if field is None:
                raise NotPossible(
                    f"The form has no field '{name.strip()}': it has {', '.join(one.label for one in form.fields)}."
                )
            is_list = hasattr(field.item, "options")
            values[field.label] = [one.strip() for one in value.split(",")] if is_list else value.strip()
        return await self._answer(person, await person.submit(form, values))

    def _person(self, name: str) -> Person:
        self._first = self._first or name
        return self._discord.person(name, _PERMISSIONS if name == self._first or name in _MODERATORS else ())

    def _picture(self, person: Person) -> Message:
        """ "The message": the newest with pictures."""
        pictures = [one for one in person.sees() if one.is_bot and one.attachments]
        if not pictures:
            raise NotPossible("There is no picture here yet.")
        return pictures[-1]

    async def _described(self, messages: list[Message]) -> dict[str, Any]:
        return {"messages": [await self._describe(one) for one in messages]}

    async def _describe(self, message: Message) -> dict[str, Any]:
        attachments: list[dict[str, Any]] = []
        for one in message.attachments:
            path = self._out / one.filename
            path.write_bytes(await self._discord.fetch(one))
            attachments.append({"filename": one.filename, "path": str(path), "description": one.description})
        return {
            "id": str(message.id), "author": message.author, "content": message.text, "ephemeral": message.ephemeral,
            **({"reply_to": str(message.reply_to)} if message.reply_to else {}), "attachments": attachments,
            "buttons": [one.label or one.emoji for one in message.buttons],
            "reactions": [{"emoji": emoji, "count": count} for emoji, count in message.reactions.items()],
        }  # fmt: skip


def is_final(message: Message) -> bool:
    """Whether an answer is the last word: while a request waits or is drawn, its card has a Cancel button."""
    return not message.thinking and not any((one.custom_id or "").startswith("cancel:") for one in message.buttons)
