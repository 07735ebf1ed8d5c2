"""What members do with a picture that is there: edit it, vary it, and look at its details."""
