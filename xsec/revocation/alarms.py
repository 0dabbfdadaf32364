"""Rules over CRLs and their updates (CR-1, CR-4, BA-3)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime

from xsec.revocation import freshness
from xsec.revocation.freshness import Freshness
from xsec.revocation.settings import POINT_URL, UPDATE_MODE
from xsec.state.rule import Finding, Severity, rule
from xsec.state.snapshot import Snapshot


@rule(id=40001, title="Security alert", severity=Severity.WARNING, requirement="CR-1")
def no_point(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while automatic CRL updates are on and there is no distribution point to download from."""
    if snapshot[UPDATE_MODE] == "On" and not any(_points(snapshot)):
        yield Finding(
            object="automatic CRL updates",
            expected="at least one distribution point, or updates off",
            found="none",
            remedy=f'xsec xconfiguration {UPDATE_MODE.path}: "Off"',
        )


def _points(snapshot: Snapshot) -> Iterator[str]:
    before = POINT_URL.folded.index("[1..n]")
    head, tail = POINT_URL.folded[:before], POINT_URL.folded[before + 1 :]
    for path, value in snapshot.values.items():
        if path[:before] == head and path[before + 1 :] == tail:
            yield str(value)


@rule(id=70501, title="CRL out of date", severity=Severity.ERROR, requirement="BA-3")
def ended(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for each issuer whose newest uploaded CRL is past its nextUpdate (RFC 5280, 5.1.2.5)."""
    for crl in snapshot.derive(freshness.manual):
        if crl.next_update is not None and crl.next_update <= now:
            text = "wherever CRLs are checked, every certificate of this issuer counts as revoked (CR-6)"
            yield _finding(crl, f"ended {crl.next_update:%Y-%m-%d %H:%M:%SZ}", text)


@rule(id=70502, title="CRL update due", severity=Severity.NOTICE, requirement="BA-3")
def due(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for each issuer whose newest uploaded CRL ends within 3 days, or its life's last quarter."""
    for crl in snapshot.derive(freshness.manual):
        if crl.soon is not None and crl.next_update is not None and crl.soon <= now < crl.next_update:
            yield _finding(crl, f"ends {crl.next_update:%Y-%m-%d %H:%M:%SZ}", "")


def _finding(crl: Freshness, found: str, text: str) -> Finding:
    return Finding(
        object=crl.issuer,
        expected="a newer CRL of this issuer",
        found=found,
        remedy=f"xsec crl upload {shlex.quote(crl.file) if crl.file else 'FILE'}",
        text=text,
    )


RULES = (no_point, ended, due)
