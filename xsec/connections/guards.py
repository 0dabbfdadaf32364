"""What a change of the client certificate settings may not do (CA-3, CA-4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from xsec.connections import certauth
from xsec.connections.settings import AUTHENTICATION, MODE, REGEX, TEMPLATE, VALIDATION
from xsec.errors import InvalidValue
from xsec.pki.pattern import check_pair
from xsec.state.rule import Finding, Guard
from xsec.state.snapshot import Snapshot


def fitting_format(before: Snapshot, after: Snapshot, now: datetime) -> Iterator[Finding]:
    """Refuse a format that names a group which the pattern has not."""
    if (before[REGEX], before[TEMPLATE]) == (after[REGEX], after[TEMPLATE]):
        return
    try:
        check_pair(after[REGEX], after[TEMPLATE])
    except InvalidValue as error:
        yield Finding(
            object=TEMPLATE.path,
            expected=error.allowed,
            found=after[TEMPLATE],
            remedy="set both at once: xsec certauth set --regex R --format F",
            text=error.what,
        )


def tested_first(before: Snapshot, after: Snapshot, now: datetime) -> Iterator[Finding]:
    """Refuse `Certificate-based authentication` until a certificate has been shown to get in."""
    if after[MODE] != AUTHENTICATION or before[MODE] == AUTHENTICATION:
        return
    lacking = certauth.missing(after)
    if lacking:
        yield Finding(
            object=MODE.path,
            expected="a client certificate that is valid and gives a user name",
            found=lacking,
            remedy="xsec client-cert test FILE",
            text=f"everybody could be locked out: {lacking}",
        )
    if before[MODE] != VALIDATION:
        yield Finding(
            object=MODE.path,
            expected="Certificate validation first",
            found=before[MODE],
            remedy="xsec certauth set --mode Validation",
            text="Certificate validation must be the mode before Certificate-based authentication",
        )


GUARDS: tuple[Guard, ...] = (fitting_format, tested_first)
