"""Turn the people, channels and roles a person names into ids, with the objects that interactions carry along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from playground.errors import NotPossible
from playground.wire.components import CHANNEL_SELECT, MENTIONABLE_SELECT, ROLE_SELECT, USER_SELECT
from playground.wire.guilds import channel_json, member_json, role_json
from playground.wire.messages import attachment_json
from playground.wire.users import user_json
from playground.world import Channel, Json, Role, User, World, permissions

T = TypeVar("T", User, Channel, Role)

USER, CHANNEL, ROLE, MENTIONABLE, ATTACHMENT = 6, 7, 8, 9, 11  # types of options
#: type of a drop-down → type of an option that takes the same
OF_SELECT = {USER_SELECT: USER, ROLE_SELECT: ROLE, MENTIONABLE_SELECT: MENTIONABLE, CHANNEL_SELECT: CHANNEL}


class Resolver:
    """Collects `resolved` for one interaction in a channel."""

    def __init__(self, world: World, channel: Channel) -> None:
        self._world = world
        self._channel = channel
        self.resolved: Json = {}
        self._finders: dict[int, Callable[[str, Any], str]] = {
            USER: self._user,
            CHANNEL: self._one_channel,
            ROLE: self._role,
            MENTIONABLE: self._mentionable,
            ATTACHMENT: self._attachment,
        }

    def takes(self, option_type: int) -> bool:
        return option_type in self._finders

    def resolve(self, option_type: int, name: str, value: Any) -> str:
        """The id that a value refers to: an object, an id, a mention, a name, or for files a tuple (name, bytes).

        Raises: NotPossible, naming the option.
        """
        return self._finders[option_type](name, value)

    def _user(self, name: str, value: Any) -> str:
        guild = self._channel.guild
        known = [self._world.users[user_id] for user_id in guild.members] if guild else list(self._channel.people)
        found = _find([*known, self._world.bot], value, "@")
        if found is None:
            names = ", ".join(user.name for user in known)
            raise NotPossible(f"{name} must be a member: {names}.")
        self._add("users", found.id, user_json(found))
        if guild is not None and guild.member(found.id) is not None:
            member = member_json(self._world, guild, found.id)
            granted = str(permissions.bits(self._channel.permissions_of(found.id)))
            partial = {key: member[key] for key in member.keys() - {"user", "deaf", "mute"}}
            self._add("members", found.id, {**partial, "permissions": granted})
        return str(found.id)

    def _one_channel(self, name: str, value: Any) -> str:
        guild = self._channel.guild
        known = list(guild.channels.values()) if guild else []
        found = _find(known, value, "#")
        if found is None:
            names = ", ".join(f"#{channel.name}" for channel in known)
            raise NotPossible(f"{name} must be a channel: {names}.")
        data = {**channel_json(self._world, found), "permissions": str(permissions.bits(found.bot_permissions))}
        self._add("channels", found.id, data)
        return str(found.id)

    def _role(self, name: str, value: Any) -> str:
        known = self._channel.guild.roles if self._channel.guild else []
        found = _find(known, value, "@")
        if found is None:
            names = ", ".join(role.name for role in known)
            raise NotPossible(f"{name} must be a role: {names}.")
        self._add("roles", found.id, role_json(found))
        return str(found.id)

    def _mentionable(self, name: str, value: Any) -> str:
        try:
            return self._user(name, value)
        except NotPossible:
            return self._role(name, value)

    def _attachment(self, name: str, value: Any) -> str:
        if not isinstance(value, tuple):  # typed as part of a line
            raise NotPossible(f"{name} needs a file: choose the command from the list and attach the file there.")
        filename, data = value
        attachment_id = self._world.store_file(filename, data)
        self._add("attachments", attachment_id, attachment_json(self._world, self._channel, attachment_id, None))
        return str(attachment_id)

    def _add(self, kind: str, object_id: int, data: Json) -> None:
        self.resolved.setdefault(kind, {})[str(object_id)] = data


def _find(known: list[T], value: Any, prefix: str) -> T | None:
    wanted = str(getattr(value, "id", value))
    names = {wanted, wanted.removeprefix(prefix), wanted.strip("<@#&!>")}
    return next((item for item in known if not names.isdisjoint((item.name, str(item.id)))), None)
