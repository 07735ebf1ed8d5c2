"""What /identify says about a picture that it can't use."""

from __future__ import annotations

NO_METADATA = "That picture has no generation metadata. Screenshots"
STILL_READING = "I'm still reading the last picture you gave me"
