"""The settings as a tree of words: words cut short, indexes, what lies below, and search."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xsec.errors import InvalidValue
from xsec.state.schema import Folded, Leaf, Schema, Setting, Words

_INDEX = re.compile(r"\[1\.\.(n|\d+)\]")
_UNBOUNDED = 10_000


class Node:
    """A place in the tree: the words below it, and the setting that ends here."""

    __slots__ = ("below", "setting", "word")

    def __init__(self, word: str) -> None:
        self.word = word
        self.below: dict[str, Node] = {}
        self.setting: Setting[Any] | None = None

    def leaves(self) -> Iterator[Setting[Any]]:
        """The settings at and below this place, in the order of the schema's declaration."""
        if self.setting is not None:
            yield self.setting
        for node in self.below.values():
            yield from node.leaves()


class Place:
    """A node with the words that lead to it, indexes filled in where they were given."""

    __slots__ = ("node", "words")

    def __init__(self, words: Words, node: Node) -> None:
        self.words = words
        self.node = node

    @property
    def path(self) -> str:
        return " ".join(self.words)

    def leaf(self) -> Leaf[Any]:
        """The setting here; `InvalidValue` when this is a group, or an index is not given."""
        setting = self.node.setting
        if setting is None:
            names = ", ".join(node.word for node in self.node.below.values())
            raise InvalidValue(
                f"{self.path or 'xConfiguration'}: this is a group, not a setting", allowed=f"one of {names}"
            )
        index = next((word for word in self.words if _INDEX.fullmatch(word)), None)
        if index is not None:
            raise InvalidValue(f"{self.path}: a number stands in place of {index}", allowed=index.strip("[]"))
        return Leaf(setting, self.words)


class Paths:
    """Finds places by words as people type them."""

    def __init__(self, schema: Schema) -> None:
        self.root = Node("")
        for setting in schema.settings:
            node = self.root
            for word in setting.words:
                node = node.below.setdefault(word.casefold(), Node(word))
            node.setting = setting

    def find(self, words: Sequence[str]) -> Place:
        """The one place that the words mean; `InvalidValue` with candidates when none or several do."""
        places = [Place((), self.root)]
        for count, word in enumerate(words):
            found = [Place((*p.words, name), node) for p in places for name, node in _steps(p.node, word)]
            exact = [p for p in found if p.words[-1].casefold() == word.casefold()]
            if not found:
                raise _unknown(places, words, count)
            places = exact or found
        if len(places) > 1:
            raise InvalidValue(
                f"{' '.join(words)!r} is not unique",
                allowed="one of " + ", ".join(sorted(p.path for p in places)[:20]),
            )
        return places[0]

    def search(self, terms: Sequence[str]) -> Iterator[Setting[Any]]:
        """The settings whose path has each of the terms in it, in that order."""
        for setting in self.root.leaves():
            at = 0
            folded = setting.path.casefold()
            for term in terms:
                at = folded.find(term.casefold(), at)
                if at < 0:
                    break
                at += len(term)
            else:
                yield setting


def _steps(node: Node, word: str) -> Iterator[tuple[str, Node]]:
    folded = word.casefold()
    for name, below in node.below.items():
        index = _INDEX.fullmatch(below.word)
        if index is None:
            if folded and name.startswith(folded):
                yield below.word, below
        elif word == below.word or _within(word, index[1]):
            yield word, below


def _within(word: str, top: str) -> bool:
    if not (word.isascii() and word.isdigit() and len(word) <= 5 and word == str(int(word))):
        return False
    return 1 <= int(word) <= (_UNBOUNDED if top == "n" else int(top))


def _unknown(places: Sequence[Place], words: Sequence[str], count: int) -> InvalidValue:
    names = [node.word for place in places for node in place.node.below.values()]
    if not names:
        # what follows a setting's path is perhaps its value, perhaps of a secret: it is not shown
        return InvalidValue(
            f"{places[0].path}: this is a setting, and nothing lies below it", allowed="Name: value"
        )
    plain = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(words[count].casefold(), plain, n=1)
    where = " ".join((*places[0].words, words[count])) if len(places) == 1 else " ".join(words[: count + 1])
    return InvalidValue(
        f"no setting {where!r}",
        allowed=f"one of {', '.join(sorted(set(names))[:40])}",
        remedy=f"did you mean {plain[close[0]]!r}?" if close else f"xsec xconfiguration //{words[count]}",
    )


def instances(setting: Setting[Any], under: Words, spelled: Mapping[Folded, Words]) -> Iterator[Leaf[Any]]:
    """The leaves of a setting below a path: those that were set, and the one that the path names whole.

    `spelled` are the paths that were set (`Snapshot.spelling`).
    """
    if not setting.indexed:
        yield Leaf(setting, setting.words)
        return
    filled = tuple(given for given, _ in zip(under, setting.words, strict=False))
    path = (*filled, *setting.words[len(filled) :])
    if not any(_INDEX.fullmatch(word) for word in path):
        yield Leaf(setting, path)
        return
    found = [Leaf(setting, words) for words in spelled.values() if _matches(path, words)]
    yield from sorted(found, key=lambda leaf: [int(w) if w.isdigit() else 0 for w in leaf.words])


def _matches(path: Words, words: Words) -> bool:
    return len(path) == len(words) and all(
        _INDEX.fullmatch(mine) is not None or mine.casefold() == other.casefold()
        for mine, other in zip(path, words, strict=True)
    )
