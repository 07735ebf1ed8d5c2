"""What members read about the line."""

ENOUGH_IN_LINE = "You already have {count} requests in line, which is the limit. Try again when one is done."
LINE_IS_FULL = "The line is full right now; please try again in a few minutes."
NO_RECORD = "I no longer have a record of this picture; /imagine makes a new one."
