"""What can be wrong with an embedding file or a catalog, each in one sentence that may be shown to a person.

EmbeddingError
├── RefusedFile          the file is not an embedding that can be used; says what it is instead
│   └── UnknownArchitecture  an embedding, but of no text encoder that is known here
│       └── OtherEncoders    one for models of other families (SD3, Flux), told from its keys
└── TrainingFailed       a training run whose result would be worthless
"""

from __future__ import annotations


class EmbeddingError(Exception):
    """Root of the family; its text is a whole sentence without a path of this machine in it."""


class RefusedFile(EmbeddingError):
    """The file cannot be used as an embedding."""


class UnknownArchitecture(RefusedFile):
    """Token vectors of a width that no known architecture has."""


class OtherEncoders(UnknownArchitecture):
    """Token vectors for a text encoder that is well known, but that no model here has."""


class TrainingFailed(EmbeddingError):
    """The training ended, and its result would do nothing."""
