"""What a change did, or would do, and how that is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from xsec.output.result import Block, Result, Table
from xsec.state.document import Change
from xsec.state.rule import Finding
from xsec.state.snapshot import Snapshot


class Applied(Protocol):
    """The report of an apply that went with a change."""

    @property
    def services(self) -> Sequence[Any]:
        """What was done for each service: `service`, `daemon`, `action`, `proofs`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a change did, or would do."""

    changed: bool
    dry_run: bool
    generation: int
    before: Snapshot
    after: Snapshot
    summary: str = ""
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    overridden: tuple[Finding, ...] = ()
    applied: Applied | None = None
    unapplied: tuple[str, ...] = ()

    def result(
        self,
        data: Mapping[str, object] | None = None,
        view: Callable[[], Iterable[Block]] | None = None,
        *,
        notes: Iterable[str] = (),
    ) -> Result:
        """The command's answer: its own data, then what every change tells."""
        told: dict[str, object] = {
            **(data or {}),
            "changed": self.changed,
            "dry_run": self.dry_run,
            "generation": self.generation,
            "changes": self.changes,
            "warnings": self.warnings,
        }
        if self.applied is not None:
            told["applied"] = self.applied.services
        return Result(told, lambda: self._view(view), notes=(*self._notes(), *notes))

    def _notes(self) -> Iterable[str]:
        yield from (f"warning: {warning}" for warning in self.warnings)
        yield from (f"overridden by --force: {finding.text}" for finding in self.overridden)
        if not self.changed:
            yield "nothing to do"
        elif self.dry_run:
            yield f"dry run: nothing was changed; it would be generation {self.generation}"
        else:
            yield f"generation {self.generation} is saved"
        if self.changed and not self.dry_run and self.applied is None and self.unapplied:
            yield f"not applied yet: xsec apply {' '.join(self.unapplied)}"

    def _view(self, view: Callable[[], Iterable[Block]] | None) -> Iterable[Block]:
        if view is not None:
            yield from view()
        if self.changed and (view is None or self.dry_run):
            rows = [(c.path, _short(c.before), _short(c.after)) for c in self.changes]
            yield Table(["setting", "before", "after"], rows)
        if self.applied is not None:
            columns = ["service", "daemon", "action", "proofs"]
            done = [(s.service, s.daemon, s.action, len(s.proofs)) for s in self.applied.services]
            yield Table(columns, done)


def _short(text: str | None) -> str:
    if text is None:
        return "-"
    return text if len(text) <= 60 else f"{text[:57]}..."
