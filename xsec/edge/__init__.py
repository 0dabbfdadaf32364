"""The modules that touch the world."""
