"""Tests; a package so that tests share `tests.doubles` and `tests.world`."""
