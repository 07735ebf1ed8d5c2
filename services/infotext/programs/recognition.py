"""Which program wrote a picture's text, where it isn't in A1111's format.

Source: files and code of the programs named here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from services.errors import UserError
from services.infotext.programs import tables
from services.infotext.programs.comfyui import read_graph
from services.infotext.programs.translation import Translation, parse_object
from services.infotext.reader import read_infotext
from services.infotext.writer import INFOTEXT_KEY

#: SwarmUI's way to name an embedding
_EMBEDDING = re.compile(r"<embed(?:ding)?:([^<>\n]{1,200})>")

#: where the metadata of Draw Things is put, which is a JSON object within XMP
DRAW_THINGS_KEY = "Draw Things"

#: the texts of a file by their keywords
Texts = Mapping[str, str]


class _Program(NamedTuple):
    name: str
    wrote: Callable[[Texts], bool]
    #: None if its format can't be read
    read: Callable[[Texts], Translation | None] | None = None


def translate(texts: Texts) -> str | None:
    """The same in A1111's format; None if no program is recognized.

    Raises: UserError, if the program is recognized but its metadata can't be read.
    """
    for program in _PROGRAMS:
        if not program.wrote(texts):
            continue
        translation = program.read(texts) if program.read else None
        text = translation.write(program.name) if translation else ""
        if read_infotext(text) is None:
            raise UserError(
                f"That picture was made with {program.name}, whose metadata I can't read yet; "
                "copy its prompt into /imagine yourself."
            )
        return text
    return None


def _has(*keywords: str) -> Callable[[Texts], bool]:
    return lambda texts: any(texts.get(keyword) for keyword in keywords)


def _starts(keyword: str, start: str) -> Callable[[Texts], bool]:
    return lambda texts: texts.get(keyword, "").casefold().startswith(start)


def _is_fooocus(texts: Texts) -> bool:
    version = parse_object(texts.get(INFOTEXT_KEY)).get("version")
    return "fooocus_scheme" in texts or str(version).startswith("Fooocus") or _starts("Software", "fooocus")(texts)


def _is_comfyui(texts: Texts) -> bool:
    return '"class_type"' in texts.get("prompt", "") or '"nodes"' in texts.get("workflow", "")


def _swarmui(texts: Texts) -> Translation | None:
    table = parse_object(texts.get(INFOTEXT_KEY)).get("sui_image_params")
    made = tables.read_table(table, tables.SWARMUI) if isinstance(table, dict) else None
    if made is not None:
        made.prompt, made.negative = (_EMBEDDING.sub(r"\1", text) for text in (made.prompt, made.negative))
    return made


def _is_easy_diffusion(texts: Texts) -> bool:
    """It writes a text for each setting into PNG files, and a JSON object into others."""
    return bool(
        texts.get("use_stable_diffusion_model")
        or texts.get("Stable Diffusion model")
        or "use_stable_diffusion_model" in parse_object(texts.get(INFOTEXT_KEY))
    )


def _easy_diffusion(texts: Texts) -> Translation | None:
    table = parse_object(texts.get(INFOTEXT_KEY)) or {key: text for key, text in texts.items() if key != "Software"}
    return tables.read_table(tables.easy_diffusion_table(table), tables.EASY_DIFFUSION)


def _novelai(texts: Texts) -> Translation | None:
    comment = parse_object(texts.get("Comment"))
    table = {"prompt": texts.get("Description", ""), "Source": texts.get("Source", ""), **comment}
    return tables.read_table(table, tables.NOVELAI) if comment else None


def _table(keyword: str, layout: tables.Layout) -> Callable[[Texts], Translation | None]:
    return lambda texts: tables.read_table(parse_object(texts.get(keyword)), layout)


_PROGRAMS = (
    _Program("SwarmUI", lambda texts: '"sui_image_params"' in texts.get(INFOTEXT_KEY, ""), _swarmui),
    _Program("Fooocus", _is_fooocus, _table(INFOTEXT_KEY, tables.FOOOCUS)),
    _Program("TensorArt", _has("generation_data"), _table("generation_data", tables.TENSORART)),
    _Program("InvokeAI", _has("invokeai_metadata"), _table("invokeai_metadata", tables.INVOKEAI)),
    _Program("InvokeAI", _has("sd-metadata", "Dream", "invokeai_graph", "invokeai_workflow")),
    _Program("NovelAI", _starts("Software", "novelai"), _novelai),
    _Program("ComfyUI", _is_comfyui, lambda texts: read_graph(parse_object(texts.get("prompt")))),
    _Program("Easy Diffusion", _is_easy_diffusion, _easy_diffusion),
    _Program("Midjourney", lambda texts: "Job ID: " in texts.get("Description", "")),
    _Program("Draw Things", _has(DRAW_THINGS_KEY), _table(DRAW_THINGS_KEY, tables.DRAW_THINGS)),
    _Program("Draw Things", _starts("Software", "draw things")),
)
