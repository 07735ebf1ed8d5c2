"""What can be wrong with an embedding file or a training run, in sentences that may be shown to a user.

EmbeddingError
├── RefusedFile                  the file can't be used as an embedding; says what it is instead
│   └── UnknownArchitecture      an embedding, but not for any text encoder that is supported
│       └── UnsupportedEncoders  an embedding for another family of models (SD3, Flux), as its keys show
└── TrainingFailed               a training run that would give a useless embedding
"""

from __future__ import annotations


class EmbeddingError(Exception):
    """Base class. The message is a whole sentence and contains no path on this machine."""


class RefusedFile(EmbeddingError):
    """The file can't be used as an embedding."""


class UnknownArchitecture(RefusedFile):
    """Token vectors whose width matches no supported architecture."""


class UnsupportedEncoders(UnknownArchitecture):
    """Token vectors for a text encoder that exists, but that no supported architecture has."""


class TrainingFailed(EmbeddingError):
    """Training can't start, or its result would have no effect."""
