"""Run a script through the playground, headless: the real bot in its own process, and what people would see of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.local.launch import local_bot
from bot.local.process import BotProcess
from bot.local.script import RESTART, Action
from bot.local.script_files import given_file, newest_picture, pictures_in
from playground import Message, Modal, NotPossible, Person, Reply
from playground.people.options import file_options, split_typed
from playground.wire.views import Select

ANSWER_TIMEOUT = 120.0  # seconds; a picture of the demo takes one or two
#: whoever is called so, or comes first, runs the server
_MODERATORS = {"owner", "admin", "mod", "moderator"}
_PERMISSIONS = ("manage_guild", "manage_messages")


async def try_script(actions: Sequence[Action], out: Path) -> bool:
    """Do everything in order, print one JSON object a line, and tell whether every action got an answer."""
    out.mkdir(parents=True, exist_ok=True)
    async with local_bot() as bot:
        trial = Trial(bot, out)
        results = [await trial.do(action) for action in actions]
    return all(results)


class Trial:
    """The state between actions: who is there, which form is open."""

    def __init__(self, bot: BotProcess, out: Path) -> None:
        self._discord = bot.discord
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
            case "/" | "click" | "menu":
                return await self._answer(person, await self._asked(person, action))
            case "autocomplete":
                choices = await person.completes(action.argument)
                return {"choices": [{"name": one.name, "value": one.value} for one in choices]}
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

    async def _asked(self, person: Person, action: Action) -> Reply:
        match action.verb:
            case "click":
                return await person.click(self._with_button(person, action.argument), action.argument)
            case "menu":
                return await person.context_menu(action.argument, self._picture(person))
        return await self._command(person, action.argument)

    async def _command(self, person: Person, line: str) -> Reply:
        """As `Person.types`, with files for the options that take one."""
        here = (self._discord.world, person.channel, person.user)
        command, typed = split_typed(*here, line)
        options: dict[str, Any] = dict(typed)
        for name in set(typed) & set(file_options(*here, command)):
            options[name] = await given_file(self._discord, person.sees(), name, typed[name])
        return await person.slash(command, **options)

    async def _answer(self, person: Person, reply: Reply) -> dict[str, Any]:
        if reply.failed:
            raise TimeoutError(reply.failed)
        if reply.modal is not None:
            self._forms[person.name] = reply.modal
            return {"modal": _form(reply.modal)}
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
        form = self._forms.get(person.name)
        if form is None:
            raise NotPossible("No form is open.")
        values: dict[str, str | list[str]] = {}
        for part in filter(str.strip, typed.split(";")):
            name, _, value = part.partition(":")
            field = next((one for one in form.fields if one.label.casefold() == name.strip().casefold()), None)
            if field is None:
                raise NotPossible(
                    f"The form has no field '{name.strip()}': it has {', '.join(one.label for one in form.fields)}."
                )
            is_list = isinstance(field.item, Select)
            values[field.label] = _listed(value) if is_list else value.strip()
        reply = await person.submit(form, values)
        del self._forms[person.name]  # one that cannot be sent as it is stays open
        return await self._answer(person, reply)

    def _person(self, name: str) -> Person:
        self._first = self._first or name
        return self._discord.person(name, _PERMISSIONS if name == self._first or name in _MODERATORS else ())

    def _picture(self, person: Person) -> Message:
        return newest_picture(person.sees())

    def _with_button(self, person: Person, name: str) -> Message:
        """ "The message", if it has such a button, or else the newest message with one."""
        seen = person.sees()
        for message in (*pictures_in(seen)[-1:], *reversed(seen)):
            if any(button.is_called(name) for button in message.buttons):
                return message
        return newest_picture(seen)

    async def _described(self, messages: list[Message]) -> dict[str, Any]:
        return {"messages": [await self._describe(one) for one in messages]}

    async def _describe(self, message: Message) -> dict[str, Any]:
        attachments: list[dict[str, Any]] = []
        for one in message.attachments:
            path = self._out / one.filename
            path.write_bytes(await self._discord.fetch(one))
            attachments.append({"filename": one.filename, "path": str(path), "description": one.description})
        return {
            "id": str(message.id),
            "author": message.author,
            "content": message.text,
            "ephemeral": message.ephemeral,
            **({"reply_to": str(message.reply_to)} if message.reply_to else {}),
            "attachments": attachments,
            "buttons": [one.label or one.emoji for one in message.buttons],
            "reactions": [{"emoji": emoji, "count": count} for emoji, count in message.reactions.items()],
        }


def _form(form: Modal) -> dict[str, Any]:
    """Its fields, and what stands in them when it opens."""
    items = {one.label: one.item for one in form.fields}
    values = {label: list(one.chosen) if isinstance(one, Select) else one.value for label, one in items.items()}
    return {"title": form.title, "fields": list(items), "values": values}


def _listed(text: str) -> list[str]:
    return [one for part in text.split(",") if (one := part.strip())]


def is_final(message: Message) -> bool:
    """Whether an answer is the last word: while a request waits or is drawn, its card has a Cancel button."""
    return not message.thinking and not any((one.custom_id or "").startswith("cancel:") for one in message.buttons)
