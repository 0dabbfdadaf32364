"""Whole-host procedures and what they ask of the host."""
