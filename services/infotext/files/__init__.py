"""Picture files without their pixels: finds the text in PNG, JPEG and WebP files, however crafted they are."""

from services.infotext.files.contents import Contents
from services.infotext.files.formats import read_contents

__all__ = ["Contents", "read_contents"]
