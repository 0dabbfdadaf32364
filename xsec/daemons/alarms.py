"""Alarms about what daemons were given: saved but not applied, waiting for a restart, changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from xsec.connections.settings import MODE
from xsec.daemons import settings
from xsec.daemons.base import APPLIED, DRIFT
from xsec.daemons.enforce.effective import effective, unapplied, waiting
from xsec.daemons.enforce.listener import WITHOUT_CRL
from xsec.state.rule import Finding, Rule, Severity, rule
from xsec.state.snapshot import Snapshot


@rule(id=70401, title="Saved but not applied", severity=Severity.WARNING, requirement="SY-6")
def not_applied(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for each service whose daemon was given something older than what is saved."""
    for service, applied in snapshot[APPLIED].items():
        names = unapplied(effective(snapshot, service, applied), service, applied)
        if names:
            yield Finding(
                object=service,
                expected=f"generation {snapshot.generation} in force",
                found=f"generation {applied.generation}; not applied: {', '.join(names)}",
                remedy=f"xsec apply {service}",
            )


def _waiting(snapshot: Snapshot, *paths: str) -> Iterator[Finding]:
    for service, applied in snapshot[APPLIED].items():
        for setting in waiting(snapshot, service, applied):
            if setting.path in paths:
                yield Finding(
                    object=setting.path,
                    expected=setting.kind.format(snapshot[setting]),
                    found=applied.inputs[setting.path],
                    remedy=f"xsec restart {service}",
                )


@rule(id=40009, title="Restart required", severity=Severity.WARNING, requirement="SY-6")
def mode_waits(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while the client certificate mode in force is not the one that is saved."""
    yield from _waiting(snapshot, MODE.path)


@rule(id=25026, title="Restart required", severity=Severity.WARNING, requirement="SY-6")
def port_waits(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while the web administration port in force is not the one that is saved."""
    yield from _waiting(snapshot, settings.HTTPS_PORT.path)


@rule(id=25011, title="Restart required", severity=Severity.WARNING, requirement="SY-6")
def https_waits(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while other properties of the HTTPS service wait for a restart."""
    others = (settings.HTTPS, settings.HSTS, settings.HTTPS_ADDRESS, settings.HTTPS_DAEMON)
    yield from _waiting(snapshot, *(setting.path for setting in others))


@rule(id=70402, title="Daemon files changed by hand", severity=Severity.WARNING, requirement="TL-7")
def drifted(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for files of xsec's that were found changed; `service verify` looks."""
    for path, how in snapshot[DRIFT].items():
        yield Finding(
            object=path, expected="as it was applied", found=how, remedy="xsec service verify https"
        )


@rule(id=70403, title="CRL checking left out", severity=Severity.WARNING, requirement="RV-3")
def revocation_left_out(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for a daemon that was told, by --without-crl, to check no revocation."""
    for service, applied in snapshot[APPLIED].items():
        if applied.choice == WITHOUT_CRL:
            yield Finding(
                object=service,
                expected="CRL checking in the daemon",
                found="left out by --without-crl",
                remedy=f"xsec crl upload FILE; xsec apply {service}",
            )


RULES: tuple[Rule, ...] = (
    not_applied,
    mode_waits,
    port_waits,
    https_waits,
    drifted,
    revocation_left_out,
)
