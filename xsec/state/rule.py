"""A rule: a numbered pure check of a snapshot; alarms, guards and the doctor all speak in findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, unique

from xsec.state.snapshot import Snapshot


@unique
class Severity(Enum):
    """How much a finding matters, worst first."""

    EMERGENCY = "emergency"
    CRITICAL = "critical"
    ALERT = "alert"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    INFORMATION = "information"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be, with a remedy that can be pasted."""

    object: str
    expected: str
    found: str
    remedy: str
    text: str = ""


Check = Callable[[Snapshot, datetime], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An alarm and the check that raises and lowers it.

    Appliance numbers are used only with the appliance's meaning; xsec's own are 70001 to 79999 (SY-9).
    A rule of severity `information` is shown by `doctor` and raises no alarm.
    """

    id: int
    title: str
    severity: Severity
    requirement: str
    check: Check


def rule(*, id: int, title: str, severity: Severity, requirement: str) -> Callable[[Check], Rule]:
    """Make a check into a rule with a stable number."""

    def wrap(check: Check) -> Rule:
        return Rule(id=id, title=title, severity=severity, requirement=requirement, check=check)

    return wrap


Guard = Callable[[Snapshot, Snapshot, datetime], Iterator[Finding]]
"""A rule over a change: (before, after, now) -> reasons to refuse it."""
