"""/identify and "Identify picture": read how a picture was made."""
