"""Implementations of the ports for tests: nothing is patched, a double is passed in."""
