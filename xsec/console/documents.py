"""A document that an operator brings, whole or in part, as a plan (SY-1)."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xsec.errors import Damaged, InvalidValue, Refused, XsecError
from xsec.secret import Secret
from xsec.state import document
from xsec.state.document import Document
from xsec.state.plan import Plan
from xsec.state.schema import Schema
from xsec.state.snapshot import Sealed, Section, Snapshot, Tree

_SEALED = "sealed:"
Opens = Callable[[Sealed, str], Secret]
Sections = Mapping[str, Section[Any]]


class Given:
    """A document read and checked by itself.

    `whole` when it has the part `xsec:` that every document of xsec begins with: then it is all of the
    configuration, and what it does not name goes.  A document without that part changes what it names.
    """

    __slots__ = ("document", "whole")

    def __init__(self, document: Document, *, whole: bool) -> None:
        self.document = document
        self.whole = whole


def read(data: bytes, schema: Schema, sections: Sections) -> Given:
    """The document of a text; `InvalidValue` with path, value, what is allowed and the nearest name."""
    tree = document.load_tree(data)
    known = ("xsec", "settings", *sections)
    for name in tree if isinstance(tree, dict) else ():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise InvalidValue(
                f"unknown part {name!r}",
                allowed=", ".join(known),
                remedy=f"did you mean {close[0]!r}?" if close else "xsec config show",
            )
    parsed = document.parse(data, schema)
    return Given(parsed, whole=isinstance(tree, dict) and "xsec" in tree)


def check(given: Given, snapshot: Snapshot, sections: Sections) -> None:
    """Raise where a section cannot be read, or names an object that this host does not have.

    A section that is new here must hold objects of its own kind: a certificate is no CRL.
    """
    for name, tree in given.document.sections.items():
        try:
            value = sections[name].parse(tree, snapshot)
        except Damaged as error:
            raise Refused(
                f"{name}: {error.what}",
                where=error.where,
                remedy="a document holds certificates and CRLs by digest: install those files first",
            ) from None
        if tree != snapshot.sections.get(name):
            sections[name].check(value)


def missing(given: Given, snapshot: Snapshot, opens: Opens) -> tuple[str, ...]:
    """The paths of sealed values that this host cannot open (they load only on their own host)."""
    held = set(_sealed(snapshot.sections, ()))
    values = given.document.values
    named = [(" ".join(words), values[key]) for key, words in given.document.spelling.items()]
    own = {str(value) for value in snapshot.values.values() if isinstance(value, Sealed)}
    wanted = [(path, value) for path, value in named if isinstance(value, Sealed) and str(value) not in own]
    wanted += [(p, s) for p, s in _sealed(given.document.sections, ()) if (p, s) not in held]
    return tuple(path for path, sealed in wanted if not _openable(opens, sealed, path))


def _openable(opens: Opens, sealed: Sealed, path: str) -> bool:
    try:
        opens(sealed, path).wipe()
    except XsecError:
        return False
    return True


def _sealed(tree: Tree, words: tuple[str, ...]) -> Iterator[tuple[str, Sealed]]:
    if isinstance(tree, Mapping):
        for word, below in tree.items():
            yield from _sealed(below, (*words, str(word)))
    elif isinstance(tree, list):
        for below in tree:
            yield from _sealed(below, words)
    elif isinstance(tree, str) and tree.startswith(_SEALED):
        yield " ".join(words), Sealed(tree.removeprefix(_SEALED))


def plan(given: Given, snapshot: Snapshot, schema: Schema, left_out: tuple[str, ...]) -> Plan:
    """The plan that brings the document into force.

    What holds a value of `left_out` stays as it is on this host: a setting by itself, a section whole.
    """
    wanted = given.document
    skipped = {path.split(" ")[0] for path in left_out} & set(wanted.sections)
    keys = {**(snapshot.spelling if given.whole else {}), **wanted.spelling}
    settings: dict[Any, object] = {}
    for key, words in keys.items():
        leaf = schema.find(words)
        value = wanted.values.get(key)
        # a secret in clear is not compared: it is sealed anew
        if leaf.path not in left_out and (isinstance(value, Secret) or snapshot.values.get(key) != value):
            settings[leaf] = value
    names = [*wanted.sections, *(snapshot.sections if given.whole else ())]
    sections: dict[str, Tree] = {
        name: wanted.sections.get(name)
        for name in names
        if name not in skipped and snapshot.sections.get(name) != wanted.sections.get(name)
    }
    warnings = tuple(f"{path}: sealed by another host, left as it is here" for path in left_out)
    return Plan(
        base=snapshot.generation,
        summary="loaded a document",
        settings=settings,
        sections=sections,
        warnings=warnings,
    )


def part(words: tuple[str, ...], current: Document, tree: dict[str | int, Any]) -> Tree:
    """A part of the document: a section, or a place below `settings`; `InvalidValue` when there is none.

    `tree` is the tree of the settings that were set.
    """
    if words[0] in current.sections and len(words) == 1:
        return {words[0]: current.sections[words[0]]}
    found: Tree = tree
    spelled: list[str | int] = []
    for word in words[1:] if words[0] == "settings" else words:
        names = {str(name).casefold(): name for name in found} if isinstance(found, dict) else {}
        if word.casefold() not in names:
            path = " ".join(words)
            raise InvalidValue(
                f"the document has no {path!r}",
                allowed=", ".join(map(str, names.values()))[:400],
                remedy=f"xsec xconfiguration {path} shows defaults too",
            )
        spelled.append(names[word.casefold()])
        found = found[spelled[-1]]
    for name in reversed(spelled):
        found = {name: found}
    return {"settings": found}
