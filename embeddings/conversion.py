"""Convert an embedding of any known format to an ordinary safetensors file, without executing anything in it.

Both `/embedding install` and `python -m embeddings convert` use `convert_bytes`. The library reads only safetensors
(`reader.py`), so every other format comes in through here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from embeddings.display import printable
from embeddings.embedding import CONDITIONING_LAYOUT, PAIR_LAYOUT, SINGLE_LAYOUT, Embedding
from embeddings.errors import RefusedFile
from embeddings.foreign.layouts import HINTS
from embeddings.foreign.picture import PNG_START
from embeddings.foreign.sandbox import SandboxResult, unpack_in_sandbox
from embeddings.foreign.torchfile import PICKLE_START, ZIP_START
from embeddings.foreign.unpacker import MAX_INPUT_BYTES, PNG
from embeddings.names import name_problem
from embeddings.reader import MAX_FILE_BYTES, EmbeddingFile, read_bytes
from embeddings.shapes import PEEK_BYTES, too_large
from embeddings.writer import SOURCE_HASH, file_bytes, file_metadata

#: Written into every converted file. Increase it when the same input gives different vectors or metadata.
CONVERTER_VERSION = "1"

#: metadata kept from the source: titles and notes, but not the pictures that some programs put there
_KEPT = "modelspec."
#: at most this many entries, of this many characters each, so that the header stays small enough to be read again
_MAX_ENTRIES, _MAX_KEPT = 20, 1_000
_NEVER_KEPT = frozenset({"modelspec.sai_model_spec", "modelspec.architecture", "modelspec.thumbnail"})


@dataclass(frozen=True, slots=True)
class Converted:
    """An embedding as a safetensors file, with facts about the file it was converted from."""

    #: a whole safetensors file that `reader.read_bytes` accepts: `emb_params`, or `clip_l` + `clip_g`; float32
    data: bytes = field(repr=False)
    #: stem of the source's file name, or the name that A1111 wrote into a picture; a valid name (`names.name_problem`)
    name: str
    #: format of the source: its layout, and the kind of file unless that is safetensors
    layout: str
    #: what the source says about itself (token, name, step, sd_checkpoint_name, modelspec.* …); unverified
    hints: Mapping[str, str]
    #: SHA-256 of the source, by which the catalog may know it; `data` has a hash that no one else knows
    source_hash: str
    #: what to store in a library: the source itself if it needs no conversion, so that its published hash stays valid
    installable: bytes = field(repr=False)
    #: what reading `installable` would give
    file: EmbeddingFile


def convert_bytes(data: bytes, filename: str) -> Converted:
    """Convert an embedding of any accepted format. The format is recognised from `data`; the name comes from `filename`.

    Accepts safetensors (`emb_params`, `emp_params`, a single token, `clip_l` + `clip_g`, `text_encoders_0` + `_1`),
    torch.save files with the same keys or with A1111's `string_to_param`, and PNG pictures with A1111's text chunk.
    Anything but safetensors is parsed in a sandboxed process, which takes about 0.1 s and, once started, at most 2 s:
    call this in a thread. The size of `data` need not be checked first.

    Raises: RefusedFile, with a sentence for the user who sent the file.
    """
    embedding = read_any(data)
    name = _name(filename, embedding)
    source_hash = hashlib.sha256(data).hexdigest()
    provenance = _provenance(embedding, source_hash)
    written = file_bytes(embedding, title=name, provenance=provenance)
    layout = _ordinary_layout(embedding)
    # whatever claims to be a conversion is converted again: its metadata could claim to come from any known file
    if embedding.layout == layout and SOURCE_HASH not in embedding.metadata:
        installable, installed = data, embedding
    else:
        metadata = file_metadata(embedding, title=name, provenance=provenance)
        installable, installed = written, replace(embedding, layout=layout, dtype="F32", metadata=metadata, token="")
    return Converted(
        data=written,
        name=name,
        layout=embedding.layout,
        hints=dict(embedding.metadata),
        source_hash=source_hash,
        installable=installable,
        file=EmbeddingFile(installed, hashlib.sha256(installable).hexdigest(), len(installable)),
    )


def read_any(data: bytes) -> Embedding:
    """Read an embedding of any accepted format; its metadata is what the file says about itself.

    Raises: RefusedFile.
    """
    return read_result(to_safetensors(data))


def to_safetensors(data: bytes) -> SandboxResult:
    """The same vectors as a safetensors file, not yet checked; safetensors is returned unchanged.

    Raises: RefusedFile.
    """
    if not data:
        raise RefusedFile("This file is empty; please download it again.")
    is_safetensors = looks_like_safetensors(data)
    most = MAX_FILE_BYTES if is_safetensors else MAX_INPUT_BYTES
    if len(data) > most:
        raise RefusedFile(too_large(data[:PEEK_BYTES], len(data), most))
    return SandboxResult(data) if is_safetensors else unpack_in_sandbox(data)


def read_result(result: SandboxResult) -> Embedding:
    """Read the vectors, with the layout and the metadata of the file they were extracted from. Raises: RefusedFile."""
    embedding = read_bytes(result.data)
    if not result.container:
        return embedding
    layout = f"{result.layout or embedding.layout}, {result.container}"
    return replace(embedding, layout=layout, metadata=dict(result.hints))


def looks_like_safetensors(data: bytes) -> bool:
    """Whether to read the bytes as safetensors: a length of eight bytes, then a JSON object."""
    if data[8:9] != b"{":
        return False
    return data[4:8] == bytes(4) or not data.startswith((PNG_START, ZIP_START, PICKLE_START))


def _ordinary_layout(embedding: Embedding) -> str:
    """The layout of a file that needs no conversion."""
    if embedding.is_conditioning:
        return CONDITIONING_LAYOUT
    return SINGLE_LAYOUT if len(embedding.vectors) == 1 else PAIR_LAYOUT


#: what diffusers' training calls every file; the token in it tells them apart
_ANY_NAME = re.compile(r"learned_embeds([-_].*)?", re.IGNORECASE)


def _name(filename: str, embedding: Embedding) -> str:
    """The name to install it under. A1111 names pictures by date and number, so there the name in the metadata counts."""
    name_in_file = embedding.metadata.get("name", "") if PNG in embedding.layout else ""
    if name_in_file and name_problem(name_in_file) is None:
        return name_in_file
    stem = filename.rpartition(".")[0] or filename
    token = (embedding.token or embedding.metadata.get("token", "")).strip("<>")
    if _ANY_NAME.fullmatch(stem) and token and name_problem(token) is None:
        return token
    # A path is checked as a whole: its last part alone may look harmless.
    if reason := name_problem(filename if "/" in filename or "\\" in filename else stem):
        raise RefusedFile(reason)
    return stem


def _provenance(embedding: Embedding, source_hash: str) -> dict[str, str]:
    kept = [
        (key if key.startswith(_KEPT) else f"source.{key}", value)
        for key, value in embedding.metadata.items()
        if (key.startswith(_KEPT) and key not in _NEVER_KEPT) or key in HINTS
    ]
    return {
        **{printable(key): printable(value, _MAX_KEPT) for key, value in kept[:_MAX_ENTRIES]},
        SOURCE_HASH: source_hash,
        "source.format": embedding.layout,
        "source.dtype": embedding.dtype,
        "converter": f"negative-space {CONVERTER_VERSION}",
    }
