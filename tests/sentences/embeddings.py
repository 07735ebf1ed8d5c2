"""Refusals and warnings about embedding files that more than one test expects, word for word."""

from __future__ import annotations

EMPTY = "This file is empty; please download it again."
UNKNOWN_KIND = "This isn't a safetensors file, a torch file or a PNG picture."
NOT_SAFETENSORS = "This isn't a safetensors file; convert it with python -m embeddings convert."
HEADER_CUT_OFF = "This file is cut off in the middle of its header; please download it again."
DUPLICATE_NAME = "This file's header is damaged (duplicate name); please download it again."
NO_TENSORS = "This file contains no tensors, so there's no embedding in it."
NINE_TENSORS = "This file contains 9 tensors; an embedding has one or two."

LORA = "This is a LoRA, not an embedding; please choose a textual inversion file."
WHOLE_MODEL = "This is a whole model, not an embedding; please choose a textual inversion file."

NOT_NUMBERS = "This embedding contains NaN or infinite values; please look for an intact copy."
ALL_ZERO = "All vectors of this embedding are zero, so it would have no effect."
TOO_MANY_VECTORS = "This file contains 76 vectors; a prompt has room for 1 to 75."
FOR_SD3 = "This embedding is for SD3; no supported model has a text encoder for 't5xxl'."
FOR_FLUX = "This embedding is for Flux or SD3; no supported model has a text encoder for 't5'."
OUTPUT_VECTORS = (
    "'clip_l_out' is applied after the text encoder, which only OneTrainer supports; please choose a file without it."
)

ASKS_FOR_OS_SYSTEM = "This file asks for 'os.system', which no embedding needs; it may be malicious and wasn't loaded."
DATA_AFTER_PICKLE = "This file has hidden data after its pickle; it may be malicious and wasn't loaded."
NEEDS_TOO_MUCH = "This file needs more time or memory than any embedding, so it wasn't read."

MIXED_ALPHABETS = (
    "Its name mixes Latin and Cyrillic letters, so it could be mistaken for another name; please rename the file."
)
INVISIBLE_CHARACTER = "Its name contains an invisible character; please rename the file."
OTHER_FILE_OF_EASYNEGATIVE = (
    "This file is named like 'EasyNegative', but it isn't a known file of that embedding; use it with care."
)
POSITIVE_TWIN = "This is a positive embedding, for the prompt; the negative one of the same family is 'twin-neg'."
