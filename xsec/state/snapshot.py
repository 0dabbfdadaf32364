"""The configuration and what is known of the host at one generation: frozen, typed, memoised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from xsec.errors import Damaged
from xsec.state.schema import Folded, Leaf

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Tree = Any
"""Mappings, sequences, str, int, bool and None, as they stand in a YAML or JSON document."""


class Readable(Protocol[T_co]):
    """What `snapshot[...]` takes: a setting, a leaf, a section, a reading."""

    def read(self, snapshot: Snapshot) -> T_co: ...


class Sealed:
    """The name of a sealed value: what the document holds in place of a secret."""

    __slots__ = ("id",)

    def __init__(self, id: str) -> None:
        self.id = id

    def __str__(self) -> str:
        return f"sealed:{self.id}"

    def __repr__(self) -> str:
        return f"Sealed({self.id})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)


class Section(Generic[T]):
    """A part of the document that is not a setting: the trust list, the certificates, the CRLs.

    `parse` makes the value from its tree and reads objects through the snapshot; `format` is its inverse.
    `check` raises for a value that an operator may not bring, such as an object of another kind; what a store
    holds is not checked so, for it must be possible to look at it and to mend it.
    """

    __slots__ = ("check", "empty", "format", "name", "parse")

    def __init__(
        self,
        name: str,
        *,
        parse: Callable[[Tree, Snapshot], T],
        format: Callable[[T], Tree],
        empty: T,
        check: Callable[[T], None] = lambda value: None,
    ) -> None:
        self.check = check
        self.name = name
        self.parse = parse
        self.format = format
        self.empty = empty

    def read(self, snapshot: Snapshot) -> T:
        tree = snapshot.sections.get(self.name)
        return self.empty if tree is None else self.parse(tree, snapshot)


class Reading(Generic[T]):
    """Something observed: one checksummed file an area, apart from the configuration (SY-3)."""

    __slots__ = ("area", "empty", "format", "parse")

    def __init__(
        self, area: str, *, parse: Callable[[Tree], T], format: Callable[[T], Tree], empty: T
    ) -> None:
        self.area = area
        self.parse = parse
        self.format = format
        self.empty = empty

    def read(self, snapshot: Snapshot) -> T:
        """What was recorded, or `empty`; `Damaged` when it is not as this xsec writes it."""
        tree = snapshot.reading(self.area)
        try:
            return self.empty if tree is None else self.parse(tree)
        except (AttributeError, LookupError, TypeError, ValueError):
            raise Damaged(
                f"the record of {self.area} is not as this xsec writes it", remedy="xsec doctor"
            ) from None


class Snapshot:
    """Everything a decision may look at.

    `values` holds the settings that were set, by folded path; others have their default.  Objects are
    named by digest, so that reading one is still pure.
    """

    def __init__(
        self,
        *,
        generation: int = 0,
        made: datetime | None = None,
        values: Mapping[Folded, object] | None = None,
        spelling: Mapping[Folded, tuple[str, ...]] | None = None,
        sections: Mapping[str, Tree] | None = None,
        objects: Callable[[str], memoryview] | None = None,
        readings: Callable[[str], Tree] | None = None,
    ) -> None:
        self.generation = generation
        self.made = made
        self.values: Mapping[Folded, object] = dict(values or {})
        self.spelling: Mapping[Folded, tuple[str, ...]] = dict(spelling or {})
        self.sections: Mapping[str, Tree] = dict(sections or {})
        self._objects = objects
        self._readings = readings
        self._derived: dict[Callable[[Snapshot], Any], Any] = {}
        self._read: dict[str, Tree] = {}

    def __getitem__(self, key: Readable[T]) -> T:
        return self.derive(key.read)

    def derive(self, view: Callable[[Snapshot], T]) -> T:
        """The view's value, worked out once for this snapshot."""
        if view not in self._derived:
            self._derived[view] = view(self)
        value: T = self._derived[view]
        return value

    def value(self, leaf: Leaf[T]) -> T:
        """The value of a leaf: what was set, or the default."""
        value: T = self.values.get(leaf.key, leaf.setting.default)  # type: ignore[assignment]  # parsed by its kind
        return value

    def blob(self, digest: str) -> memoryview:
        """The octets of an object; `Damaged` when the store has none of this digest."""
        if self._objects is None:
            raise Damaged(f"object {digest} is not in the store")
        return self._objects(digest)

    def reading(self, area: str) -> Tree:
        """The tree of an area of readings, or None when nothing was recorded."""
        if area not in self._read:
            self._read[area] = self._readings(area) if self._readings else None
        return self._read[area]

    def changed(
        self,
        *,
        generation: int,
        values: Mapping[Folded, object],
        spelling: Mapping[Folded, tuple[str, ...]],
        sections: Mapping[str, Tree],
        objects: Mapping[str, bytes],
        readings: Mapping[str, Tree],
    ) -> Snapshot:
        """This snapshot with parts replaced; objects and readings that are not given stay."""

        def find(digest: str) -> memoryview:
            return memoryview(objects[digest]) if digest in objects else self.blob(digest)

        return Snapshot(
            generation=generation,
            made=self.made,
            values=values,
            spelling=spelling,
            sections=sections,
            objects=find,
            readings=lambda area: readings[area] if area in readings else self.reading(area),
        )
