"""What a card says about a picture that had to be compressed."""

from __future__ import annotations

COMPRESSED = "because the PNG exceeds the upload limit"
