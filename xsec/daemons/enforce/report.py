"""What an apply did, or would do: one type for the prediction and for the real run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One fact about a running server.  `held` None: it was not tried, as in a prediction."""

    what: str
    expected: str
    found: str = ""
    held: bool | None = None
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file that is made, replaced or removed.  `diff` is empty for keys and other secrets."""

    path: str
    action: str
    diff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """One service: what was given to its daemon and what was proven.

    `inputs` names the settings and parts that were saved and not applied; `pending` those of them that wait
    for a restart.  `rehearsed` are the proofs of the shadow, `proofs` those of the live daemon.
    """

    service: str
    daemon: str
    digest: str
    changed: bool
    action: str
    inputs: tuple[str, ...]
    pending: tuple[str, ...]
    files: tuple[FileChange, ...]
    rehearsed: tuple[Proof, ...] = ()
    proofs: tuple[Proof, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All services that were asked for, at one generation."""

    generation: int
    time: datetime
    dry_run: bool
    services: tuple[ServiceReport, ...]

    @property
    def changed(self) -> bool:
        """Whether any daemon was given anything new."""
        return any(service.changed for service in self.services)


def failed(proofs: tuple[Proof, ...]) -> Proof | None:
    """The first proof that did not hold."""
    return next((proof for proof in proofs if proof.held is False), None)
