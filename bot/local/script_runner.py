"""Run a script against the real bot in a playground, and print what its people would see."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.local.launch import local_bot
from bot.local.process import BotProcess, StartFailed
from bot.local.script import RESTART, Action
from bot.local.script_files import messages_with_pictures, newest_with_picture, read_attachment
from playground import Message, Modal, NotPossible, Person, Reply
from playground.people.commands import file_options, split_typed
from playground.wire.controls import Select

ANSWER_TIMEOUT = 120.0  # seconds; the demo renders a picture in one or two
#: names of people who run the server, as does the first person of a script
_MODERATORS = {"owner", "admin", "mod", "moderator"}
_PERMISSIONS = ("manage_guild", "manage_messages")


async def run_script(actions: Sequence[Action], out: Path) -> bool:
    """Run the actions in order and print a JSON object per line. Returns whether all succeeded.

    `out` gets the attachments of the bot's answers.
    Raises: StartFailed.
    """
    out.mkdir(parents=True, exist_ok=True)
    async with local_bot() as bot:
        runner = ScriptRunner(bot, out)
        results = [await runner.run(action) for action in actions]
    return all(results)


class ScriptRunner:
    """Runs actions one by one, and remembers which forms are open."""

    def __init__(self, bot: BotProcess, out: Path) -> None:
        self._discord = bot.discord
        self._bot = bot
        self._out = out
        self._forms: dict[str, Modal] = {}
        self._first: str | None = None

    async def run(self, action: Action) -> bool:
        """Run an action and print its result as one line. Returns whether it succeeded."""
        line: dict[str, Any] = {"action": action.text, "person": action.person, "ok": True}
        try:
            line |= await self._perform(action)
        except (NotPossible, TimeoutError, StartFailed) as error:
            line |= {"ok": False, "error": str(error)}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return line["ok"]

    async def _perform(self, action: Action) -> dict[str, Any]:
        if action.verb == RESTART:
            await self._bot.restart()
            return {}
        person = self._person(action.person or "")
        match action.verb:
            case "/" | "click" | "menu":
                return await self._answer(person, await self._interact(person, action))
            case "autocomplete":
                choices = await person.completes(action.argument)
                return {"choices": [{"name": choice.name, "value": choice.value} for choice in choices]}
            case "react":
                return await self._react(person, action.argument)
            case "unreact":
                await person.unreact(self._picture(person), action.argument)
            case "submit":
                return await self._submit(person, action.argument)
            case "say":
                return await self._describe_all([await person.say(action.argument)])
            case "delete":
                await person.delete(self._picture(person))
        return {}

    async def _interact(self, person: Person, action: Action) -> Reply:
        match action.verb:
            case "click":
                return await person.click(self._with_button(person, action.argument), action.argument)
            case "menu":
                return await person.context_menu(action.argument, self._picture(person))
        return await self._command(person, action.argument)

    async def _command(self, person: Person, line: str) -> Reply:
        """Like `Person.types`, with files for the options that take them."""
        here = (self._discord.world, person.channel, person.user)
        command, typed = split_typed(*here, line)
        options: dict[str, Any] = dict(typed)
        for name in set(typed) & set(file_options(*here, command)):
            options[name] = await read_attachment(self._discord, person.sees(), name, typed[name])
        return await person.slash(command, **options)

    async def _answer(self, person: Person, reply: Reply) -> dict[str, Any]:
        if reply.failed:
            raise TimeoutError(reply.failed)
        if reply.modal is not None:
            self._forms[person.name] = reply.modal
            return {"modal": _form(reply.modal)}
        if reply.message is None or reply.message.deleted:  # the click deleted its message
            return await self._describe_all([message for message in reply.followups if not message.deleted])
        await reply.until(is_final, ANSWER_TIMEOUT)
        messages = [message for message in (reply.message, *reply.followups) if message and not message.deleted]
        return await self._describe_all(messages)

    async def _react(self, person: Person, emoji: str) -> dict[str, Any]:
        picture = self._picture(person)
        before = {message.id for message in (*person.sees(), *person.direct_messages())}
        await person.react(picture, emoji)

        def answer() -> Message | None:
            visible = (*person.sees(), *person.direct_messages())
            new = (message for message in visible if message.id not in before and message.is_bot)
            return next(filter(is_final, new), None)

        found = await self._discord.until(answer, ANSWER_TIMEOUT, lambda: "the bot hasn't answered the reaction")
        return await self._describe_all([found])

    async def _submit(self, person: Person, typed: str) -> dict[str, Any]:
        form = self._forms.get(person.name)
        if form is None:
            raise NotPossible(f"{person.name} has no open form.")
        values: dict[str, str | list[str]] = {}
        for part in filter(str.strip, typed.split(";")):
            name, _, value = part.partition(":")
            field = next((field for field in form.fields if field.label.casefold() == name.strip().casefold()), None)
            if field is None:
                labels = ", ".join(field.label for field in form.fields)
                raise NotPossible(f"The form has no field '{name.strip()}'. Its fields are: {labels}.")
            is_list = isinstance(field.item, Select)
            values[field.label] = _split_list(value) if is_list else value.strip()
        reply = await person.submit(form, values)
        del self._forms[person.name]  # only now: a form that can't be sent stays open
        return await self._answer(person, reply)

    def _person(self, name: str) -> Person:
        self._first = self._first or name
        return self._discord.person(name, _PERMISSIONS if name == self._first or name in _MODERATORS else ())

    def _picture(self, person: Person) -> Message:
        return newest_with_picture(person.sees())

    def _with_button(self, person: Person, name: str) -> Message:
        """The newest message with pictures if it has that button, else the newest message that does."""
        visible = person.sees()
        for message in (*messages_with_pictures(visible)[-1:], *reversed(visible)):
            if any(button.is_called(name) for button in message.buttons):
                return message
        return newest_with_picture(visible)

    async def _describe_all(self, messages: list[Message]) -> dict[str, Any]:
        return {"messages": [await self._describe(message) for message in messages]}

    async def _describe(self, message: Message) -> dict[str, Any]:
        attachments: list[dict[str, Any]] = []
        for file in message.attachments:
            path = self._out / file.filename
            path.write_bytes(await self._discord.fetch(file))
            attachments.append({"filename": file.filename, "path": str(path), "description": file.description})
        return {
            "id": str(message.id),
            "author": message.author,
            "content": message.text,
            "ephemeral": message.ephemeral,
            **({"reply_to": str(message.reply_to)} if message.reply_to else {}),
            "attachments": attachments,
            "buttons": [button.label or button.emoji for button in message.buttons],
            "reactions": [{"emoji": emoji, "count": count} for emoji, count in message.reactions.items()],
        }


def _form(form: Modal) -> dict[str, Any]:
    """The form's fields and their initial values."""
    items = {field.label: field.item for field in form.fields}
    values = {label: list(item.chosen) if isinstance(item, Select) else item.value for label, item in items.items()}
    return {"title": form.title, "fields": list(items), "values": values}


def _split_list(text: str) -> list[str]:
    return [stripped for part in text.split(",") if (stripped := part.strip())]


def is_final(message: Message) -> bool:
    """Whether an answer won't change again: until its job ends, a request's card has a Cancel button."""
    has_cancel = any((button.custom_id or "").startswith("cancel:") for button in message.buttons)
    return not message.thinking and not has_cancel
