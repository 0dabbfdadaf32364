"""Configuration as lines, and lines as configuration: `*c xConfiguration <path>: "<value>"`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xsec.console import grammar
from xsec.console.paths import Paths, Place, instances
from xsec.errors import InvalidValue
from xsec.state.schema import Leaf, Words
from xsec.state.snapshot import Sealed, Snapshot

PREFIX = "*c xConfiguration "
LIMIT = 4 << 20
_ENDS = frozenset({"", "ok", "*c/end", "** end", "*s/end"})
_FOREIGN_CIPHER = "{cipher}"


def text_of(leaf: Leaf[Any], snapshot: Snapshot) -> str:
    """The value in force as text; the name of the sealed value for a secret; nothing for one not set."""
    value = snapshot[leaf]
    if value is None:
        return ""
    return str(value) if isinstance(value, Sealed) else leaf.setting.kind.format(value)


def line(leaf: Leaf[Any], snapshot: Snapshot) -> str:
    """The line of one setting, without its line end."""
    return f"{PREFIX}{leaf.path}: {grammar.quote(text_of(leaf, snapshot))}"


def leaves(place: Place, snapshot: Snapshot) -> Iterator[Leaf[Any]]:
    """The settings at and below a place; of indexed ones those that were set or are named whole."""
    for setting in place.node.leaves():
        yield from instances(setting, place.words, snapshot.spelling)


def text(place: Place, snapshot: Snapshot) -> str:
    """All lines at and below a place."""
    return "".join(f"{line(leaf, snapshot)}\n" for leaf in leaves(place, snapshot))


class Loaded:
    """What a dump holds: texts of known settings by leaf, and what is outside xsec's scope.

    `foreign` are paths that xsec does not have; `sealed` are secrets that only the appliance that printed
    them can open.  Neither holds a value.
    """

    __slots__ = ("foreign", "sealed", "texts")

    def __init__(self) -> None:
        self.texts: dict[Leaf[Any], str] = {}
        self.foreign: list[str] = []
        self.sealed: list[str] = []


def read(data: bytes, paths: Paths) -> Loaded:
    """The settings of a dump, of xsec or of an appliance; `InvalidValue` names the line it cannot read.

    Paths must be whole here: words cut short could come to mean something else with a later schema.
    """
    loaded = Loaded()
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidValue("the dump is not UTF-8", where=f"octet {error.start}") from None
    for number, raw in enumerate(lines, start=1):
        content = raw.strip()
        if content.casefold() in _ENDS or content.startswith("#"):
            continue
        words, value = _split(content, number)
        if words:
            _take(loaded, paths, words, value, number)
    return loaded


def _split(content: str, number: int) -> tuple[Words, str]:
    """Path and value of a line; nothing for a line of another kind (`*s`, `*e`, `*h`)."""
    if content.startswith("*") and not content.casefold().startswith("*c "):
        return (), ""
    body = content[3:] if content.startswith("*") else content
    head, colon, rest = body.partition(":")
    words = tuple(head.split())
    if words and words[0].casefold() == "xconfiguration":
        words = words[1:]
    if not colon or not words:
        raise InvalidValue("not a line of a configuration", where=f"line {number}", allowed="Path: value")
    value = rest.strip()
    unquoted = grammar.unquote(value)
    if unquoted == value and len(value) > 1 and value[0] == value[-1] == '"':
        # a dump that does not double the quotes within a value
        unquoted = value[1:-1]
    return words, str(unquoted)


def _take(loaded: Loaded, paths: Paths, words: Words, value: str, number: int) -> None:
    try:
        place = paths.find(words)
        leaf = place.leaf()
    except InvalidValue:
        loaded.foreign.append(" ".join(words))
        return
    if leaf.key != tuple(word.casefold() for word in words):
        loaded.foreign.append(" ".join(words))
    elif leaf.setting.secret and value.startswith(_FOREIGN_CIPHER):
        loaded.sealed.append(leaf.path)
    elif loaded.texts.get(leaf, value) != value:
        raise InvalidValue(f"{leaf.path}: given twice with different values", where=f"line {number}")
    else:
        loaded.texts[leaf] = value
