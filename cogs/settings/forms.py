"""The forms of the panel: one for each group of settings. What they are sent with is in force at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord

from cogs.components import Form
from cogs.settings.fields import (
    channels_field,
    choice_field,
    ids_in,
    names_field,
    names_in,
    number_in,
    roles_field,
    share_in,
    text_field,
    yes_or_no,
)
from cogs.settings.scope import Scope, Scopes
from services.errors import UserError
from services.policy.policy import MAX_ANNOUNCEMENT, MAX_HEARTS, BotPolicy, Policy, RoleLimits, Selection
from services.policy.safety import DEFAULT_THRESHOLD, MISSING, Safety, is_classifier_installed
from services.stock import Stock

#: sends the panel again, with what has changed
Show = Callable[[discord.Interaction, Scope], Any]
_DIGITS = 9


class SettingsForm(Form):
    """A form of some settings; whoever sends it may have lost the right to since it opened."""

    command = "settings"

    def __init__(self, title: str, scopes: Scopes, show: Show) -> None:
        super().__init__(title=title)
        self._scopes = scopes
        self._show = show

    def add(self, label: str, item: Any, description: str | None = None) -> Any:
        self.add_item(discord.ui.Label(text=label, description=description, component=item))
        return item

    async def on_submit(self, interaction: discord.Interaction) -> None:
        scope = self._scopes.of(interaction)
        await self.change(scope)
        await self._show(interaction, scope)

    async def change(self, scope: Scope) -> None:
        """Change the settings to what the form says. Raises UserError."""
        raise NotImplementedError


class PlacesForm(SettingsForm):
    """Where pictures are made."""

    def __init__(self, policy: Policy, scopes: Scopes, show: Show) -> None:
        super().__init__("Where pictures are made", scopes, show)
        self._others = policy.channels[25:]  # Discord's field holds no more
        self._channels = self.add(
            "Channels", channels_field(policy.channels), "Threads in them count; none: everywhere"
        )
        self._restricted = self.add("Only where Discord restricts the age", yes_or_no(policy.age_restricted))

    async def change(self, scope: Scope) -> None:
        channels = (*(channel.id for channel in self._channels.values), *self._others)
        update = {"channels": channels, "age_restricted": self._restricted.values == ["yes"]}
        await scope.change_server(lambda policy: policy.model_copy(update=update))


class SelectionForm(SettingsForm):
    """Which models and embeddings may be used."""

    def __init__(self, policy: Policy, stock: Stock, scopes: Scopes, show: Show) -> None:
        super().__init__("Models and embeddings", scopes, show)
        models = [model.id for model in stock.shelf.installed]
        embeddings = [embedding.id for embedding in stock.library]
        known = dict.fromkeys((*embeddings, *policy.embeddings.allowed, *policy.embeddings.blocked))
        self._models = self.add("Only these models", names_field(policy.models.allowed, models), "None: all of them")
        self._no_models = self.add("Never these models", names_field(policy.models.blocked, models))
        chosen = names_field(policy.embeddings.allowed, known)
        self._embeddings = self.add("Only these embeddings", chosen, "None: all of them")
        self._no_embeddings = self.add("Never these embeddings", names_field(policy.embeddings.blocked, known))

    async def change(self, scope: Scope) -> None:
        models = Selection(allowed=names_in(self._models), blocked=names_in(self._no_models))
        embeddings = Selection(allowed=names_in(self._embeddings), blocked=names_in(self._no_embeddings))
        update = {"models": models, "embeddings": embeddings}
        await scope.change_server(lambda policy: policy.model_copy(update=update))


class GalleryForm(SettingsForm):
    """Where pictures go that enough members keep."""

    def __init__(self, policy: Policy, scopes: Scopes, show: Show) -> None:
        super().__init__("Gallery", scopes, show)
        chosen = () if policy.gallery is None else (policy.gallery,)
        self._channel = self.add("Channel", channels_field(chosen, most=1), "None: no gallery")
        hearts = text_field(policy.gallery_hearts, "3", limit=_DIGITS)
        self._hearts = self.add("Hearts ❤️ that a picture needs", hearts)

    async def change(self, scope: Scope) -> None:
        hearts = number_in("Hearts", self._hearts) or Policy().gallery_hearts
        if not 1 <= hearts <= MAX_HEARTS:
            raise UserError(f"Hearts takes a number from 1 to {MAX_HEARTS}; you gave {hearts}.")
        channel = next((channel.id for channel in self._channel.values), None)
        update = {"gallery": channel, "gallery_hearts": hearts}
        await scope.change_server(lambda policy: policy.model_copy(update=update))


class LimitsForm(SettingsForm):
    """How much a request may ask for, and a member."""

    _FIELDS = (
        ("max_side", "Largest side", "in the model's pixels, such as 768"),
        ("max_steps", "Most steps", "such as 30"),
        ("max_count", "Most pictures at once", "1 to 4"),
        ("waits", "Requests of a member in line", "such as 3"),
        ("per_hour", "Requests of a member in an hour", "such as 20"),
    )

    def __init__(self, policy: Policy, scopes: Scopes, show: Show) -> None:
        super().__init__("Limits", scopes, show)
        self._numbers = {
            name: (label, self.add(label, text_field(getattr(policy, name), example, limit=_DIGITS)))
            for name, label, example in self._FIELDS
        }

    async def change(self, scope: Scope) -> None:
        update = {name: number_in(label, field) for name, (label, field) in self._numbers.items()}
        await scope.change_server(lambda policy: policy.model_copy(update=update))


class RolesForm(SettingsForm):
    """What roles may do beyond everybody."""

    def __init__(self, policy: Policy, scopes: Scopes, show: Show) -> None:
        super().__init__("Roles", scopes, show)
        self._installers = self.add(
            "May install embeddings", roles_field(policy.installers), "Beside members with Manage Server"
        )
        self._role = self.add("A role with limits of its own", roles_field((), most=1))
        self._waits = self.add(
            "Its members' requests in line", text_field(None, "empty: as everybody's", limit=_DIGITS)
        )
        self._per_hour = self.add("… and in an hour", text_field(None, "empty: as everybody's", limit=_DIGITS))

    async def change(self, scope: Scope) -> None:
        waits, per_hour = number_in("Requests in line", self._waits), number_in("Requests in an hour", self._per_hour)
        role = next(iter(self._role.values), None)
        if role is None and (waits or per_hour):
            raise UserError("Choose the role that these limits are for.")
        installers = tuple(chosen.id for chosen in self._installers.values)

        def changed(policy: Policy) -> Policy:
            new = policy.model_copy(update={"installers": installers})
            limits = RoleLimits.model_construct(role=role.id if role else 0, waits=waits, per_hour=per_hour)
            return new.with_limits(limits) if role else new

        await scope.change_server(changed)


class SafetyForm(SettingsForm):
    """What becomes of pictures that the classifier takes for unsafe."""

    _CHOICES = (
        (Safety.OFF, "Post them like others"),
        (Safety.SPOILER, "Post them behind a spoiler"),
        (Safety.WITHHOLD, "Don't post them, and tell their author"),
    )

    def __init__(self, policy: Policy, scopes: Scopes, show: Show) -> None:
        super().__init__("Unsafe pictures", scopes, show)
        known = "The classifier knows photographs better than drawings"
        note = known if is_classifier_installed() else f"{MISSING[0].upper()}{MISSING[1:]}"
        self._setting = self.add("Pictures that look unsafe", choice_field(policy.safety, self._CHOICES), note)
        threshold = text_field(f"{policy.safety_threshold:g}", f"{DEFAULT_THRESHOLD:g}", limit=_DIGITS)
        self._threshold = self.add("From which score on", threshold, "From 0, everything, to 1, what is certain")

    async def change(self, scope: Scope) -> None:
        threshold = share_in("The score", self._threshold, DEFAULT_THRESHOLD)
        update = {"safety": Safety(self._setting.values[0]), "safety_threshold": threshold}
        await scope.change_server(lambda policy: policy.model_copy(update=update))


class NoticeForm(SettingsForm):
    """Pausing the whole bot, and telling everyone something."""

    def __init__(self, policy: BotPolicy, scopes: Scopes, show: Show) -> None:
        super().__init__("Pause and announcement", scopes, show)
        self._paused = self.add("Paused", yes_or_no(policy.paused), "No new requests; those in line are still drawn")
        announcement = text_field(policy.announcement, "Back at six.", limit=MAX_ANNOUNCEMENT)
        self._announcement = self.add("Announcement", announcement, "Shown under pictures, and with the pause")

    async def change(self, scope: Scope) -> None:
        update = {"paused": self._paused.values == ["yes"], "announcement": self._announcement.value.strip()}
        await scope.change_bot(lambda policy: policy.model_copy(update=update))


class StrangersForm(SettingsForm):
    """Servers and members that may not use the bot."""

    def __init__(self, policy: BotPolicy, scopes: Scopes, show: Show) -> None:
        super().__init__("Blocked servers and members", scopes, show)
        servers, members = (" ".join(map(str, ids)) for ids in (policy.servers, policy.members))
        self._servers = self.add("Servers", text_field(servers, "ids, separated by spaces"))
        self._members = self.add("Members", text_field(members, "ids, separated by spaces"))

    async def change(self, scope: Scope) -> None:
        update = {"servers": ids_in(self._servers), "members": ids_in(self._members)}
        await scope.change_bot(lambda policy: policy.model_copy(update=update))
