"""What members read when a request can't be drawn as it is."""

OUT_OF_BOUNDS = "{name} must be between {low} and {high}; you gave {value}."
BAD_STRENGTH = "Strength must be a number from 0 to 2, for example {name}:0.8; you gave '{typed}'."
UNKNOWN_EMBEDDING = "There's no embedding '{name}' here."
KNOWN_EMBEDDING = "{name} is known but not installed here; someone who manages the server can install it ({how})."
LISTED_TWICE = "{name} is listed twice; for a stronger effect write {name}:1.3"
SAME_EMBEDDING = "{names} are the same embedding; for a stronger effect write {first}:1.3"
TOO_MANY_EMBEDDINGS = "That's {count} embeddings: {names}. More than {most} work against each other; leave out {over}."
TRAINED_FOR = "{name} was trained for {architecture}"
NO_EFFECT_AT_CFG = "At CFG {cfg} the negative prompt isn't used, so {name} would have no effect."
NO_GUIDANCE = (
    "{model} runs without classifier-free guidance, so a negative embedding has no effect on it; choose another model."
)
PROMPT_TOO_LONG = "The {which} has {tokens} tokens and the limit is 300."
#: a hint under the pictures
NAMED_TWICE = "{name} is named twice; it's used once, as {used}."
