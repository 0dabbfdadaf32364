"""How a change is to be made, and what a change is worked out to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from xsec.errors import InvalidValue
from xsec.state.document import Document
from xsec.state.outcome import Outcome
from xsec.state.plan import Plan
from xsec.state.snapshot import Snapshot

if TYPE_CHECKING:
    from xsec.host import Host

Planner = Callable[[Snapshot, datetime], Plan]


class How(Protocol):
    """How a change is to be made: the options every changing command takes."""

    @property
    def dry_run(self) -> bool: ...

    @property
    def yes(self) -> bool: ...

    @property
    def force(self) -> bool: ...

    @property
    def apply(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered(Outcome):
    """An outcome with the plan that leads to it."""

    forced: bool = False
    plan: Plan = field(default_factory=lambda: Plan(base=0, summary=""))
    document: Document = field(default_factory=lambda: Document(generation=0))


def only_now(host: Host) -> None:
    """`InvalidValue` where another moment was asked for: a change is of now."""
    if host.at is not None:
        raise InvalidValue("--at goes with commands that only read", allowed="no --at for a change")
