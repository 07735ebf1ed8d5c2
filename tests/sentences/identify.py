"""What /identify says about a picture that it can't use."""

from __future__ import annotations

NO_METADATA = "That picture has no generation metadata. Screenshots"
STILL_READING = "I'm still reading the last picture you gave me"
UNREADABLE_PROGRAM = "That picture was made with Midjourney, whose metadata I can't read yet; copy its prompt"
