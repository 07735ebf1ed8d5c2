"""What members read about presets."""

NAME_RULE = "A preset's name can have 1 to 32 letters, digits, spaces, dots or dashes; try another."
NEEDS_A_SETTING = "A preset needs at least one setting; add a model, an embedding or a negative prompt."
#: the server has `most` presets and `over` too many were to be saved
SERVER_IS_FULL = "A server can have {most} presets; delete {over} first (/preset delete)."
UNKNOWN_PRESET = "This server has no preset '{name}'."
NONE_YET = "There are none yet; /preset save makes one."
#: a note under the pictures
LOCKED = "Preset '{name}' locks {fields}, so what you typed for {them} wasn't used."
#: `what` is a list of "model 'x'" and "embedding 'y'"
PRESET_NEEDS = "Preset '{name}' needs {what}, which {verb} no longer installed."
DEFAULT_PRESET_NEEDS = "The default preset '{name}' needs {what}, which {verb} no longer installed."
