"""Make an ordinary safetensors file of an embedding in any format of the wild, without running anything that it holds.

The bot's `/embedding install` and `python -m embeddings convert` are made of `convert_bytes`. Libraries read
safetensors alone (`reader.py`); this is the only way in for anything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from embeddings.display import printable
from embeddings.embedding import PAIR_LAYOUT, SINGLE_LAYOUT, Embedding
from embeddings.errors import RefusedFile
from embeddings.foreign.layouts import HINTS
from embeddings.foreign.picture import PNG_START
from embeddings.foreign.sandbox import Answer, unpack_apart
from embeddings.foreign.torchfile import PICKLE_START, ZIP_START
from embeddings.foreign.unpacker import MAX_INPUT_BYTES, PNG
from embeddings.names import why_not_a_name
from embeddings.reader import MAX_FILE_BYTES, EmbeddingFile, read_bytes
from embeddings.shapes import PEEK_BYTES, too_large
from embeddings.writer import SOURCE_HASH, file_bytes, file_metadata

#: Written into every converted file; another number whenever the same input gives other vectors or other metadata.
CONVERTER_VERSION = "1"

#: of the metadata of the source; a title or a note, not the pictures that some programs put there
_KEPT = "modelspec."
#: so many entries, of so many characters: all of them together fit into a header that is read again
_MAX_ENTRIES, _MAX_KEPT = 20, 1_000
_ALWAYS_OURS = frozenset({"modelspec.sai_model_spec", "modelspec.architecture", "modelspec.thumbnail"})


@dataclass(frozen=True, slots=True)
class Converted:
    """An embedding as a safetensors file, with what is known of the file it was made from."""

    #: a whole safetensors file: `emb_params`, or `clip_l` + `clip_g`; float32; passes `reader.read_bytes`
    data: bytes = field(repr=False)
    #: the stem of the source's name, or the name that A1111 wrote into a picture; passes `names.why_not_a_name`
    name: str
    #: format of the source: layout, and kind of file unless it is safetensors
    layout: str
    #: what the source says of itself: token, name, step, sd_checkpoint_name, modelspec.* …; never a proof of anything
    hints: Mapping[str, str]
    #: SHA-256 of the source, by which a catalog entry may know it: the hash of `data` is new to everybody
    source_hash: str
    #: what a library stores: the source itself if it needed no conversion, so that its published hash stays valid
    installable: bytes = field(repr=False)
    #: what reading `installable` would give
    file: EmbeddingFile


def convert_bytes(data: bytes, filename: str) -> Converted:
    """Convert an embedding of any accepted format; what it is is told from `data`, its name from `filename`.

    Accepts safetensors (`emb_params`, `emp_params`, a single token, `clip_l` + `clip_g`, `text_encoders_0` + `_1`),
    files of torch.save with the same or with A1111's `string_to_param`, and PNG pictures with A1111's text chunk.
    Anything but safetensors is taken apart in a process without rights, which takes some 0.1 s and at most 2 s after
    its start: call this in a thread. `data` needs no check of its size beforehand.

    Raises: RefusedFile, whose text is one sentence for the person who gave the file.
    """
    embedding = read_any(data)
    name = _name(filename, embedding)
    source_hash = hashlib.sha256(data).hexdigest()
    provenance = _provenance(embedding, source_hash)
    written = file_bytes(embedding, title=name, provenance=provenance)
    layout = SINGLE_LAYOUT if len(embedding.vectors) == 1 else PAIR_LAYOUT
    if embedding.layout == layout:
        installable, installed = data, embedding
    else:
        metadata = file_metadata(embedding, title=name, provenance=provenance)
        installable, installed = written, replace(embedding, layout=layout, dtype="F32", metadata=metadata)
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
    """Read an embedding of any accepted format; its metadata holds what the file says of itself.

    Raises: RefusedFile.
    """
    return described(as_safetensors(data))


def as_safetensors(data: bytes) -> Answer:
    """The same vectors as a safetensors file that is still to be read; safetensors comes back as it is.

    Raises: RefusedFile.
    """
    if not data:
        raise RefusedFile("The file is empty.")
    ordinary = looks_like_safetensors(data)
    most = MAX_FILE_BYTES if ordinary else MAX_INPUT_BYTES
    if len(data) > most:
        raise RefusedFile(too_large(data[:PEEK_BYTES], len(data), most))
    return Answer(data) if ordinary else unpack_apart(data)


def described(answer: Answer) -> Embedding:
    """Read what came back; with the layout, and the words, of the file that it was taken from. Raises: RefusedFile."""
    embedding = read_bytes(answer.data)
    if not answer.container:
        return embedding
    layout = f"{answer.layout or embedding.layout}, {answer.container}"
    return replace(embedding, layout=layout, metadata=dict(answer.hints))


def looks_like_safetensors(data: bytes) -> bool:
    """Whether the bytes are to be read as safetensors: a length of eight bytes, then a table."""
    if data[8:9] != b"{":
        return False
    return data[4:8] == bytes(4) or not data.startswith((PNG_START, ZIP_START, PICKLE_START))


def _name(filename: str, embedding: Embedding) -> str:
    """The name to install it under. A picture's own file name is often its date, so A1111 goes by the name in it."""
    told = embedding.metadata.get("name", "") if PNG in embedding.layout else ""
    if told and why_not_a_name(told) is None:
        return told
    stem = filename.rpartition(".")[0] or filename
    # a path is judged as a whole: where its last part may be a name, the rest is the trick
    if reason := why_not_a_name(filename if "/" in filename or "\\" in filename else stem):
        raise RefusedFile(reason)
    return stem


def _provenance(embedding: Embedding, source_hash: str) -> dict[str, str]:
    told = [
        (key if key.startswith(_KEPT) else f"source.{key}", value)
        for key, value in embedding.metadata.items()
        if (key.startswith(_KEPT) and key not in _ALWAYS_OURS) or key in HINTS
    ]
    return {
        **{printable(key): printable(value, _MAX_KEPT) for key, value in told[:_MAX_ENTRIES]},
        SOURCE_HASH: source_hash,
        "source.format": embedding.layout,
        "source.dtype": embedding.dtype,
        "converter": f"negative-space {CONVERTER_VERSION}",
    }
