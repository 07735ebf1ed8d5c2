"""A sheet of pictures: the same contents and seeds in every row, a row for each negative."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from demo.inversions import GENERAL, NAMES
from demo.trial import Arm, Trial, load_placed, placebo
from demo.world import Scene

#: the last two have no habit
CONTENTS = (
    Scene("fish", "red", "sea"),
    Scene("fish", "orange", "plain white"),
    Scene("fish", "green", "plain pink"),
    Scene("house", "blue", "night"),
    Scene("star", "yellow", "night"),
    Scene("heart", "red", "sky"),
    Scene("tree", "green", "desert"),
    Scene("mushroom", "red", "desert"),
    Scene("star", "blue", "sunset"),
    Scene("house", "white", "sunset"),
    Scene("mushroom", "orange", "meadow"),
    Scene("tree", "blue", "plain pink"),
)
_TILE, _LABEL, _HEAD = 96, 112, 46  # pixels
_COLOURS = 256  # a palette keeps the file small


def draw_sheet(trial: Trial, embeddings: Path, target: Path) -> None:
    """Render the sheet and write it as PNG."""
    files = {name: load_placed(embeddings / f"{name}.safetensors") for name in (GENERAL, *NAMES.values())}
    arms = [
        Arm("no negative"),
        *(Arm(name, (file,)) for name, file in files.items()),
        Arm("random vectors", (placebo(files[GENERAL], 0),)),
    ]
    font = ImageFont.load_default(size=11)
    sheet = Image.new("RGB", (_LABEL + _TILE * len(CONTENTS), _HEAD + _TILE * len(arms)), "white")
    canvas = ImageDraw.Draw(sheet)
    for column, scene in enumerate(CONTENTS):
        caption = "\n".join(textwrap.wrap(scene.caption, 15))
        canvas.multiline_text((_LABEL + column * _TILE + 4, 2), caption, fill="black", font=font, spacing=1)
    for row, arm in enumerate(arms):
        top = _HEAD + row * _TILE
        canvas.text((6, top + _TILE // 2), arm.name, fill="black", font=font, anchor="lm")
        for column, picture in enumerate(trial.run(arm, CONTENTS).pictures):
            sheet.paste(_enlarged(picture), (_LABEL + column * _TILE, top))
    sheet.quantize(_COLOURS).save(target, optimize=True)


def _enlarged(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(picture).resize((_TILE, _TILE), Image.Resampling.BICUBIC)
