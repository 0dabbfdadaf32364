"""Documents of earlier schema versions."""

from __future__ import annotations

import pytest

from xsec.errors import InvalidValue
from xsec.state.migrations import migrate


def test_steps_are_taken_one_after_the_other() -> None:
    steps = {1: lambda tree: {**tree, "a": 1}, 2: lambda tree: {**tree, "b": tree["a"] + 1}}
    assert migrate({}, 1, to=3, steps=steps) == {"a": 1, "b": 2}


def test_a_missing_step_is_told_and_nothing_is_guessed() -> None:
    with pytest.raises(InvalidValue, match="schema 2 to 3"):
        migrate({}, 1, to=3, steps={1: lambda tree: tree})


def test_a_document_of_the_present_version_stays_as_it_is() -> None:
    tree: dict[str, object] = {"settings": {}}
    assert migrate(tree, 1, to=1) is tree
