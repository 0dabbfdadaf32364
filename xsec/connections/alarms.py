"""Alarms of client certificates for HTTPS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from xsec.connections import certauth
from xsec.connections.settings import AUTHENTICATION, MODE, NOT_REQUIRED, REGEX, TEMPLATE
from xsec.state.rule import Finding, Rule, Severity, rule
from xsec.state.snapshot import Snapshot


@rule(id=70601, title="Certificate login not tested", severity=Severity.ALERT, requirement="CA-4")
def not_tested(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise while only certificates get in and none has been shown to, with the pattern in force."""
    if snapshot[MODE] != AUTHENTICATION:
        return
    lacking = certauth.missing(snapshot, reading_only=True)
    if lacking:
        yield Finding(
            object=MODE.path,
            expected="a client certificate that is valid and gives a user name",
            found=lacking,
            remedy="xsec client-cert test FILE",
            text="Only client certificates get in, and none has been tested with the pattern in force",
        )


@rule(id=70602, title="User name pattern misleads", severity=Severity.WARNING, requirement="CA-2")
def misleading(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for a pattern that falls into a trap, once certificates are asked for."""
    if snapshot[MODE] == NOT_REQUIRED:
        return
    for item in certauth.traps(snapshot):
        yield Finding(
            object=f"{REGEX.path} {item.code}",
            expected="a pattern that takes one value of the Subject or the alternative names",
            found=item.example,
            remedy=f"xsec certauth set --regex default --format '{TEMPLATE.default}'",
            text=f"The user name pattern can mislead: {item.text}",
        )


RULES: tuple[Rule, ...] = (not_tested, misleading)
