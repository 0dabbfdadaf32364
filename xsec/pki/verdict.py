"""The answer to "is this certificate good for this use?", with every check that was made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, unique
from typing import NamedTuple


@unique
class Outcome(Enum):
    """How a check ended; `WARNED` lets pass and is shown."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


_LETS_PASS = frozenset((Outcome.PASSED, Outcome.WARNED))


class Check(NamedTuple):
    """One rule applied to one certificate of the path: depth 0 is the end entity, the last the anchor.

    `code` is OpenSSL's name for the failure where it has one.  A tuple, since a verdict holds fifty.
    """

    code: str
    depth: int
    outcome: Outcome
    detail: str = ""
    ref: str = ""


Duty = tuple[str, int]
"""Code and depth of a check that must have been made and passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A path that was considered: subjects and digests from the end entity up, and what failed first."""

    subjects: tuple[str, ...]
    digests: tuple[str, ...]
    complete: bool
    failure: Check | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All checks of one decision, in the order in which they were made.

    `path` and `anchor` are digests; the path goes from the end entity up, without the anchor.  `duties` are
    worked out from the question and the path's length, apart from the checks.  `notes` tell what was left
    out on the way.  `by_fallback` says that the revocation of a certificate could not be determined and the
    policy accepts that.
    """

    at: datetime
    duties: frozenset[Duty]
    checks: tuple[Check, ...]
    path: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    anchor: str | None = None
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    by_fallback: bool = False

    @property
    def accepted(self) -> bool:
        """Whether every duty was done and no check failed: an empty verdict, or one with a gap, rejects."""
        if not self.duties:
            return False
        if any(check.outcome is Outcome.FAILED for check in self.checks):
            return False
        settled = {(check.code, check.depth) for check in self.checks if check.outcome in _LETS_PASS}
        undone = {(check.code, check.depth) for check in self.checks if check.outcome is Outcome.NOT_CHECKED}
        return self.duties <= settled - undone

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed, in order."""
        return tuple(check for check in self.checks if check.outcome is Outcome.FAILED)

    @property
    def warnings(self) -> tuple[Check, ...]:
        """The checks that let pass what should be looked at."""
        return tuple(check for check in self.checks if check.outcome is Outcome.WARNED)

    @property
    def undone(self) -> frozenset[Duty]:
        """The duties that no check answers."""
        done = {(c.code, c.depth) for c in self.checks if c.outcome is not Outcome.NOT_CHECKED}
        return self.duties - done

    @property
    def code(self) -> str:
        """`ok`, or the code of the first check that failed, or `not_checked`."""
        if self.accepted:
            return "ok"
        failed = first_failure(self.checks)
        return failed.code if failed else "not_checked"


def first_failure(checks: Iterable[Check]) -> Check | None:
    """The first check that failed, or None."""
    return next((check for check in checks if check.outcome is Outcome.FAILED), None)
