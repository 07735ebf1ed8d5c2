"""What may be drawn where, by the server's policy and the operators': each refusal is one sentence."""

from __future__ import annotations

from services.errors import NotAllowed
from services.parameters import PlanRecord
from services.policy.blocklist import Blocklist
from services.policy.policy import BlockedTerms
from services.requests import Member, Place
from services.stock import Stock
from services.text import and_list

PAUSED = "I'm paused, so no new pictures are made right now; please try again later."


def refuse_asker(stock: Stock, place: Place, member: Member) -> None:
    """Raise NotAllowed where this member can't ask for any picture."""
    everywhere = stock.everywhere
    refuse_blocked(stock, place.guild_id, member.id)
    if everywhere.paused:
        raise NotAllowed(f"{PAUSED} {everywhere.announcement}".strip())
    refuse_place(stock, place)


def refuse_place(stock: Stock, place: Place) -> None:
    """Raise NotAllowed where the owner wants no pictures, whoever asks for them."""
    if stock.policy.channels and not set(stock.policy.channels) & set(place.channel_ids):
        raise NotAllowed(
            "Pictures aren't made in this channel; ask someone who manages the server which ones are for them."
        )
    if stock.policy.age_restricted and not place.is_age_restricted:
        raise NotAllowed("In this server pictures are made only in age-restricted channels; please use one of those.")


def refuse_blocked(stock: Stock, guild_id: int | None, member_id: int) -> None:
    """Raise NotAllowed for members and servers that the operators blocked."""
    if guild_id in stock.everywhere.servers:
        raise NotAllowed("This server can't use me; its owner can ask the bot's operators why.")
    if member_id in stock.everywhere.members:
        raise NotAllowed("You can't use me; the bot's operators can tell you why.")


def refuse_plan(plan: PlanRecord, stock: Stock, place: Place) -> None:
    """Raise NotAllowed where this plan can't be drawn, also if it is an old one."""
    _refuse_things(plan, stock, place)
    _refuse_numbers(plan, stock)
    _refuse_words("prompt", plan.prompt, stock.policy.blocked, stock.everywhere.blocked)
    _refuse_words("negative prompt", plan.negative, stock.policy.blocked, stock.everywhere.blocked)


def _refuse_things(plan: PlanRecord, stock: Stock, place: Place) -> None:
    model = stock.installed_checkpoint(plan.checkpoint) if stock.has_model(plan.checkpoint) else None
    restricted = [model.title] if model is not None and model.age_restricted else []
    for embedding in filter(None, (stock.embedding(placed.id) for placed in plan.embeddings)):
        if not stock.permits_embedding(embedding):
            raise NotAllowed(f"{embedding.id} isn't used in this server; choose another embedding.")
        if embedding.entry is not None and embedding.entry.age_restricted:
            restricted.append(embedding.id)
    if restricted and not place.is_age_restricted:
        verb = "is" if len(restricted) == 1 else "are"
        raise NotAllowed(f"{and_list(restricted)} {verb} only for age-restricted channels; please use one of those.")


def _refuse_numbers(plan: PlanRecord, stock: Stock) -> None:
    """Members' own numbers are refused while planning; these are of pictures from before the server had limits."""
    policy = stock.policy
    sizes = (("side", max(plan.width, plan.height), policy.max_side), ("number of steps", plan.steps, policy.max_steps))
    for name, value, most in (*sizes, ("number of pictures", plan.pictures_each, policy.max_count)):
        if most is not None and value > max(most, _least(plan, stock) if name == "side" else 0):
            raise NotAllowed(
                f"The largest {name} in this server is {most}, and that picture has {value}; /imagine it anew."
            )


def _least(plan: PlanRecord, stock: Stock) -> int:
    """The smallest side that the model can draw, which is allowed whatever the limit."""
    return stock.shelf.find(plan.checkpoint).min_side if stock.has_model(plan.checkpoint) else 0


def _refuse_words(name: str, text: str, *blocked: BlockedTerms) -> None:
    """The refusal doesn't say which word, or the list could be read by trying."""
    lists = [terms.prompt if name == "prompt" else terms.negative for terms in blocked]
    if any(Blocklist(terms).find(text) for terms in lists):
        raise NotAllowed(f"Your {name} contains something that isn't allowed here; please change it.")
