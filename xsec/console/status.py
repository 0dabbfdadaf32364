"""The status tree as the appliance prints it: `*s <Element>: /`, values in quotes, `*s/end`, `OK`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from xsec.console.grammar import quote
from xsec.errors import InvalidValue
from xsec.state.snapshot import Snapshot

Tree = Any
"""Mappings of names, sequences of such (numbered from 1), and values: text, number, bool, time or None."""


class Element:
    """One element of the status tree, worked out from a snapshot."""

    __slots__ = ("help", "name", "own", "read")

    def __init__(
        self, name: str, *, help: str, read: Callable[[Snapshot, datetime], Tree], own: bool = False
    ) -> None:
        self.name = name
        self.help = help
        self.read = read
        self.own = own


def find(elements: Iterable[Element], word: str) -> Element:
    """The element of a name, case aside and cut short where unique."""
    known = tuple(elements)
    folded = word.casefold()
    exact = [e for e in known if e.name.casefold() == folded]
    found = exact or [e for e in known if folded and e.name.casefold().startswith(folded)]
    if len(found) != 1:
        several = "is not unique" if found else "is no element of the status tree"
        names = ", ".join(e.name for e in found or known)
        raise InvalidValue(f"{word!r} {several}", allowed=f"one of {names}", remedy="xsec xstatus '?'")
    return found[0]


def part(tree: Tree, words: Sequence[str], element: str) -> tuple[Tree, tuple[str, ...]]:
    """The part of an element's tree that the words choose, and its names in full."""
    spelled: list[str] = []
    for word in words:
        below = dict(_named(tree))
        folded = word.casefold()
        names = [n for n in below if n.casefold() == folded] or [
            n for n in below if n.casefold().startswith(folded)
        ]
        if len(names) != 1:
            raise InvalidValue(
                f"{' '.join((element, *spelled, word))!r} is not in the status tree",
                allowed=", ".join(below)[:400] or "nothing lies below",
            )
        spelled.append(names[0])
        tree = below[names[0]]
    return tree, tuple(spelled)


def text(name: str, tree: Tree) -> str:
    """One element as the appliance prints it, the closing `OK` left out."""
    lines = [f"*s {name}: {_value(tree)}" if _is_value(tree) else f"*s {name}: /"]
    lines += () if _is_value(tree) else _lines(tree, 5)
    return "\n".join([*lines, "*s/end", ""])


def _lines(tree: Tree, indent: int) -> Iterator[str]:
    for name, below in _named(tree):
        if _is_value(below):
            yield f"{' ' * indent}{name}: {_value(below)}"
        else:
            yield f"{' ' * indent}{name}:"
            yield from _lines(below, indent + 2)


def _named(tree: Tree) -> Iterator[tuple[str, Tree]]:
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list | tuple):
        yield from ((str(number), below) for number, below in enumerate(tree, start=1))


def _is_value(tree: Tree) -> bool:
    return not isinstance(tree, dict | list | tuple)


def _value(value: object) -> str:
    if isinstance(value, datetime):
        return quote(value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return quote("" if value is None else str(value))
