"""What members read about models and samplers."""

UNKNOWN_MODEL = "There is no model '{name}' here. Installed:"
MODEL_NOT_INSTALLED = "{model} is not installed here"
INSTALL_COMMAND = "`python -m bot install {name}`"
UNKNOWN_SAMPLER = "There is no sampler '{name}'."
#: the sides that a model accepts
SIDES = "{model} takes sides from {low} to {high} pixels"
