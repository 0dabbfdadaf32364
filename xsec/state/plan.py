"""A change that has been worked out but not made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xsec.secret import Secret
from xsec.state.schema import Leaf
from xsec.state.snapshot import Snapshot, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything one command wants to change, against one generation.

    `settings` gives typed values (a `Secret` for a secret setting), None for "back to the default".
    `sections` gives whole trees, None to remove.  `objects` are new octets by digest.  `secrets` are new
    sealed values: id -> (store path they are bound to, octets).  `readings` are areas to record with it.
    """

    base: int
    summary: str
    settings: Mapping[Leaf[object], object] = field(default_factory=dict)
    sections: Mapping[str, Tree] = field(default_factory=dict)
    objects: Mapping[str, bytes] = field(default_factory=dict)
    secrets: Mapping[str, tuple[str, Secret]] = field(default_factory=dict)
    readings: Mapping[str, Tree] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def on(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot as it would be after the change."""
        values, spelling = dict(snapshot.values), dict(snapshot.spelling)
        for leaf, value in self.settings.items():
            if value is None:
                values.pop(leaf.key, None)
                spelling.pop(leaf.key, None)
            else:
                values[leaf.key] = value
                spelling[leaf.key] = leaf.words
        sections = {**snapshot.sections, **self.sections}
        return snapshot.changed(
            generation=snapshot.generation + 1,
            values=values,
            spelling=spelling,
            sections={name: tree for name, tree in sections.items() if tree is not None},
            objects=self.objects,
            readings=self.readings,
        )
