"""Rules over the host and the store itself: clock, machine, privacy of the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from xsec.errors import Damaged
from xsec.state import engine
from xsec.state.machine import HOST
from xsec.state.rule import Finding, Severity, rule
from xsec.state.snapshot import Snapshot

BUILT = datetime(2025, 6, 1, tzinfo=UTC)
"""No build of xsec is older; a clock before it has lost its battery."""


@rule(id=70101, title="Clock in the past", severity=Severity.CRITICAL, requirement="DU-7")
def clock(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while the clock shows a time before the newest generation, or before this program was made."""
    made = snapshot.made
    if made is not None and made > now:
        floor, why = made, f"generation {snapshot.generation} was made then"
    elif now < BUILT:
        floor, why = BUILT, "xsec was made after that"
    else:
        return
    yield Finding(
        object="clock",
        expected=f"after {floor:%Y-%m-%dT%H:%M:%SZ}: {why}",
        found=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        remedy="timedatectl status",
        text="certificates, CRLs and OCSP answers are judged by a clock that is wrong",
    )


@rule(id=70102, title="Store of another machine", severity=Severity.WARNING, requirement="DR-1")
def machine(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while the machine-id is not the one that the store was made with: this may be a clone (DA-1)."""
    facts = snapshot[HOST]
    if facts.trouble:
        raise Damaged(facts.trouble, remedy=facts.remedy)
    if facts.first and facts.machine and facts.first != facts.machine:
        yield Finding(
            object="machine-id",
            expected=f"machine {facts.first[:8]}, as when the store was made",
            found=f"machine {facts.machine[:8]}",
            remedy="xsec alarm acknowledge 70102",
            text="a clone shares the root key with its original: set up a clone anew; acknowledge this where"
            " the host was only re-imaged",
        )


@rule(id=70103, title="Store not private", severity=Severity.ERROR, requirement="DR-1")
def private(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for each folder of the store, and the key ring, that other users may read or write (SE-1)."""
    for path, mode in snapshot[HOST].open:
        yield Finding(
            object=path,
            expected="mode 0700, or 0600 for a file",
            found=f"mode {mode}",
            remedy=f"chmod go= {path} && xsec alarm list",
        )


RULES = (clock, machine, private, engine.BROKEN)
