"""The configuration document: YAML that an operator can read, diff and keep in version control (SY-1).

Every scalar is text and means what its setting's kind says: `no`, `12:30` and `0777` stay as written.
Aliases, tags, duplicate keys, deep nesting and huge node counts are refused (rules.md, 6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xsec.errors import Damaged, InvalidValue, Refused
from xsec.secret import Secret
from xsec.state import moment
from xsec.state.migrations import migrate
from xsec.state.schema import Folded, Leaf, Schema, Words
from xsec.state.snapshot import Sealed, Snapshot, Tree

SCHEMA_VERSION = 1
LIMIT = 4 << 20
_DEPTH = 32
_NODES = 100_000
_CHECKSUM = b"# sha256:"
_TITLE = b"# xsec configuration. Change it with: xsec config edit, xsec config load FILE\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """When, by whom and with which command a generation was made."""

    time: datetime
    user: str
    command: str
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One generation: settings that were set, sections, and where it came from."""

    generation: int
    origin: Origin | None = None
    values: Mapping[Folded, object] = field(default_factory=dict)
    spelling: Mapping[Folded, Words] = field(default_factory=dict)
    sections: Mapping[str, Tree] = field(default_factory=dict)


# Reading -------------------------------------------------------------------------------------------------


def parse(data: bytes, schema: Schema, *, sections: frozenset[str] | None = None) -> Document:
    """The document of a text; `InvalidValue` with line, path, what is allowed and the nearest name.

    `sections` are the known names beside `settings`; None takes any.  A checksum line is not looked at.
    """
    tree = load_tree(data)
    if not isinstance(tree, dict):
        raise InvalidValue("the document is not a mapping", where="line 1", allowed="xsec:, settings:, ...")
    known = None if sections is None else {"xsec", "settings", *sections}
    for name in tree:
        if known is not None and name not in known:
            raise InvalidValue(f"unknown part {name!r}", allowed=", ".join(sorted(known)))
    header = _mapping(tree.get("xsec", {}), "xsec")
    version = _number(header.get("schema", str(SCHEMA_VERSION)), "xsec schema")
    if version > SCHEMA_VERSION:
        raise Refused(
            f"the document has schema {version}, made by a newer xsec",
            allowed=f"schema {SCHEMA_VERSION} and earlier",
            remedy="install the xsec that made it, or load a document of this version",
        )
    tree = migrate(tree, version, to=SCHEMA_VERSION)
    values: dict[Folded, object] = {}
    spelling: dict[Folded, Words] = {}
    for words, text in _leaves(tree.get("settings", {}), ()):
        leaf = schema.find(words)
        if leaf.key in values:
            raise InvalidValue(f"{leaf.path}: given twice")
        values[leaf.key] = _value(leaf, text)
        spelling[leaf.key] = leaf.words
    return Document(
        generation=_number(header.get("generation", "0"), "xsec generation"),
        origin=_origin(header),
        values=values,
        spelling=spelling,
        sections={k: v for k, v in tree.items() if k not in {"xsec", "settings"}},
    )


def _value(leaf: Leaf[Any], text: object) -> object:
    if not isinstance(text, str):
        raise InvalidValue(f"{leaf.path}: a list stands where one value is expected")
    if leaf.setting.secret and text.startswith("sealed:"):
        return Sealed(text.removeprefix("sealed:"))
    return leaf.parse(text)


def _origin(header: Mapping[str, object]) -> Origin | None:
    if "time" not in header:
        return None
    time = moment.parse(str(header["time"]), "xsec time")
    return Origin(
        time=time,
        user=str(header.get("user", "")),
        command=str(header.get("command", "")),
        summary=str(header.get("summary", "")),
    )


def _mapping(tree: object, name: str) -> dict[str, Any]:
    if isinstance(tree, dict):
        return tree
    raise InvalidValue(f"{name}: not a mapping")


def _number(text: object, name: str) -> int:
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    raise InvalidValue(f"{name}: not a number")


def _leaves(tree: object, words: Words) -> Iterator[tuple[Words, object]]:
    if tree == "" and not words:
        return
    if not isinstance(tree, dict):
        raise InvalidValue("settings: not a mapping")
    for word, below in tree.items():
        path = (*words, word)
        if isinstance(below, dict):
            yield from _leaves(below, path)
        else:
            yield path, below


def load_tree(data: bytes) -> Tree:
    """Mappings, lists and texts of a YAML text, under the limits of rules.md 6."""
    if len(data) > LIMIT:
        raise InvalidValue(f"the document has {len(data)} octets", allowed=f"at most {LIMIT} octets")
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        builder = _Builder(yaml)
        for event in yaml.parse(data, Loader=loader):
            builder.take(event)
    except yaml.YAMLError as error:
        # the library's text quotes the document, which may hold a secret: only its place is kept
        raise InvalidValue(
            "not YAML", where=_place(error, data), remedy="xsec config show prints the form"
        ) from None
    return builder.root


def _place(error: Any, data: bytes) -> str:
    """Where a YAML text stops being one: the parser tells line and column, the reader only an offset."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 1}, column {mark.column + 1}"
    before = data[: max(0, getattr(error, "position", 0))]
    return f"line {before.count(10) + 1}, octet {len(before) - before.rfind(10)}"


class _Builder:
    """Builds the tree from parser events and counts while it does."""

    def __init__(self, yaml: Any) -> None:
        self._yaml = yaml
        self._stack: list[Any] = []
        self._keys: list[str | None] = []
        self._nodes = 0
        self._documents = 0
        self.root: Tree = ""

    def take(self, event: Any) -> None:
        yaml = self._yaml
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._wrong(event, "anchors and aliases are not allowed")
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._wrong(event, "more than one document")
        elif isinstance(event, yaml.ScalarEvent):
            if event.tag not in (None, "!"):
                raise self._wrong(event, "tags are not allowed")
            self._add(event, event.value)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if event.tag not in (None, "!"):
                raise self._wrong(event, "tags are not allowed")
            node: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._add(event, node)
            self._stack.append(node)
            self._keys.append(None)
            if len(self._stack) > _DEPTH:
                raise self._wrong(event, f"nested deeper than {_DEPTH}")
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()
            self._keys.pop()

    def _add(self, event: Any, node: Any) -> None:
        self._nodes += 1
        if self._nodes > _NODES:
            raise self._wrong(event, f"more than {_NODES} values")
        if not self._stack:
            self.root = node
        elif isinstance(self._stack[-1], list):
            self._stack[-1].append(node)
        elif self._keys[-1] is None:
            if not isinstance(node, str):
                raise self._wrong(event, "a key that is not text")
            if node == "<<":
                raise self._wrong(event, "merge keys are not allowed")
            if node in self._stack[-1]:
                raise self._wrong(event, f"the key {node!r} stands twice")
            self._keys[-1] = node
        else:
            self._stack[-1][self._keys[-1]] = node
            self._keys[-1] = None

    @staticmethod
    def _wrong(event: Any, what: str) -> InvalidValue:
        mark = event.start_mark
        return InvalidValue(what, where=f"line {mark.line + 1}, column {mark.column + 1}")


# Writing -------------------------------------------------------------------------------------------------


def serialize(document: Document, schema: Schema) -> bytes:
    """The document's text with its checksum line; `parse` of it gives the document again."""
    tree: dict[str, Any] = {"xsec": _header(document), "settings": settings_tree(document, schema)}
    tree.update({name: document.sections[name] for name in sorted(document.sections)})
    body = dump_tree(tree)
    digest = hashlib.sha256(body).hexdigest().encode()
    return _TITLE + _CHECKSUM + digest + b"\n" + body


def _header(document: Document) -> dict[str, Any]:
    header: dict[str, Any] = {"schema": SCHEMA_VERSION, "generation": document.generation}
    if document.origin is not None:
        header["time"] = document.origin.time.isoformat(timespec="seconds").replace("+00:00", "Z")
        header["user"] = document.origin.user
        header["command"] = document.origin.command
        header["summary"] = document.origin.summary
    return header


def settings_tree(document: Document | Snapshot, schema: Schema) -> dict[str | int, Any]:
    """The settings that were set, nested by the words of their paths, in the schema's order."""
    order = {setting.folded: number for number, setting in enumerate(schema.settings)}

    def place(leaf: Leaf[Any]) -> tuple[int, Words]:
        return order.get(leaf.setting.folded, len(order)), leaf.words

    tree: dict[str | int, Any] = {}
    for leaf in sorted((schema.find(words) for words in document.spelling.values()), key=place):
        node = tree
        for word in leaf.words[:-1]:
            node = node.setdefault(int(word) if word.isdigit() else word, {})
        node[leaf.words[-1]] = _scalar(leaf, document.values[leaf.key])
    return tree


def _scalar(leaf: Leaf[Any], value: object) -> str | int:
    if isinstance(value, Sealed):
        return str(value)
    if isinstance(value, Secret):
        raise TypeError(f"{leaf.path} is not sealed")
    return value if isinstance(value, int) else leaf.setting.kind.format(value)


def normal(tree: Tree) -> Tree:
    """The tree as it reads back: every scalar as text; `TypeError` for what YAML text cannot carry."""
    if isinstance(tree, dict):
        return {str(key): normal(below) for key, below in tree.items()}
    if isinstance(tree, list | tuple):
        return [normal(below) for below in tree]
    if isinstance(tree, bool) or tree is None or not isinstance(tree, str | int | Sealed):
        raise TypeError(f"{type(tree).__name__} does not stand in a document")
    return str(tree)


def dump_tree(tree: Tree) -> bytes:
    """YAML in block style; no alias, no tag, long lines kept."""
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]  # the C dumper has no types
        def ignore_aliases(self, data: object) -> bool:
            return True

    text: bytes = yaml.dump(
        tree, Dumper=Dumper, sort_keys=False, default_flow_style=False, encoding="utf-8", width=1 << 20
    )
    return text


def verify_checksum(data: bytes) -> None:
    """`Damaged` unless the text carries the checksum of what follows it."""
    head, _, rest = data.partition(b"\n")
    line, _, body = rest.partition(b"\n")
    if head + b"\n" != _TITLE or not line.startswith(_CHECKSUM):
        raise Damaged("the configuration has no checksum line: it was changed by hand or cut")
    if line != _CHECKSUM + hashlib.sha256(body).hexdigest().encode():
        raise Damaged("the configuration does not match its checksum: it was changed by hand or is damaged")


# Comparing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference: the path, the value before and after as text, None where there was none."""

    path: str
    before: str | None
    after: str | None


def diff(before: Document | Snapshot, after: Document | Snapshot, schema: Schema) -> tuple[Change, ...]:
    """What differs, settings first; secrets are masked."""
    return (*_settings_diff(before, after, schema), *_sections_diff(before.sections, after.sections))


def _settings_diff(
    before: Document | Snapshot, after: Document | Snapshot, schema: Schema
) -> Iterator[Change]:
    spelled = {**before.spelling, **after.spelling}
    for key in sorted(spelled):
        leaf = schema.find(spelled[key])
        old, new = before.values.get(key), after.values.get(key)
        if isinstance(old, Secret) or isinstance(new, Secret) or old != new:
            yield Change(path=leaf.path, before=_shown(leaf, old), after=_shown(leaf, new))


def _shown(leaf: Leaf[Any], value: object) -> str | None:
    if value is None:
        return None
    return "***" if leaf.setting.secret else leaf.setting.kind.format(value)


def _sections_diff(before: Mapping[str, Tree], after: Mapping[str, Tree]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        old = dict(_flat(before.get(name), name))
        new = dict(_flat(after.get(name), name))
        for path in sorted({*old, *new}):
            if old.get(path) != new.get(path):
                yield Change(path=path, before=old.get(path), after=new.get(path))


def _flat(tree: Tree, path: str) -> Iterable[tuple[str, str]]:
    """Each scalar by its path; a member of a list is named by its first value, so that order is no change."""
    if isinstance(tree, dict):
        for key, below in tree.items():
            yield from _flat(below, f"{path} {key}")
    elif isinstance(tree, list):
        for member in tree:
            name = next(iter(member.values()), "") if isinstance(member, dict) else member
            yield from _flat(member, f"{path} [{str(name)[:16]}]")
    elif tree is not None:
        yield path, str(tree)
