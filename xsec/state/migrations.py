"""Documents of earlier schema versions, brought to the present one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xsec.errors import InvalidValue
from xsec.state.snapshot import Tree

Step = Callable[[Tree], Tree]

STEPS: Mapping[int, Step] = {}
"""From version -> the step to the next one.  A step that changes a default pins the former value (TL-3)."""


def migrate(tree: Tree, version: int, *, to: int, steps: Mapping[int, Step] = STEPS) -> Tree:
    """The tree as version `to` writes it; `InvalidValue` when a step is missing."""
    for number in range(version, to):
        step = steps.get(number)
        if step is None:
            raise InvalidValue(
                f"there is no way from schema {number} to {number + 1}",
                remedy="load a document of the present schema: xsec config load FILE",
            )
        tree = step(tree)
    return tree
