"""When certificates end: the server's own, its chain, the trust list's; and what hangs on each (BA-3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from xsec.errors import InvalidValue
from xsec.pki import describe
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST
from xsec.state.snapshot import Snapshot

SOON = timedelta(days=30)
"""How long before its end a certificate is told of, at most (the appliance does not state its threshold)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The validity of one certificate; both ends belong to it (RFC 5280, 4.1.2.5)."""

    subject: str
    issuer: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    in_use: bool = True

    @property
    def soon(self) -> datetime:
        """From when on it ends soon: 30 days before, for short lives the last third."""
        return self.not_after - min(SOON, (self.not_after - self.not_before) / 3)


def _period(der: bytes, *, in_use: bool = True) -> Period | None:
    """None for a certificate that the library refuses: it ends nothing, and `trust list` names it."""
    try:
        certificate = describe.load(der)
        return Period(
            subject=describe.subject(certificate),
            issuer=describe.issuer(certificate),
            fingerprint=describe.fingerprint(der),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            in_use=in_use,
        )
    except (InvalidValue, *describe.UNREADABLE):
        return None


def server(snapshot: Snapshot) -> Period | None:
    """The server certificate's period."""
    identity = snapshot[IDENTITIES].server
    return _period(identity.certificate) if identity else None


def chain(snapshot: Snapshot) -> tuple[Period, ...]:
    """Those of the issuers that are sent with it."""
    identity = snapshot[IDENTITIES].server
    return _known(_period(der) for der in identity.chain) if identity else ()


def trusted(snapshot: Snapshot) -> tuple[Period, ...]:
    """Those of the trust list, the first to end first.

    In use is, so far, what the name of the installed certificate's chain leads to; the peers and clients that
    were seen come with their records.
    """
    own = snapshot.derive(server)
    wanted = {own.issuer} if own else set()
    wanted |= {period.issuer for period in snapshot.derive(chain)}
    periods = _known(_period(entry.der) for entry in snapshot[TRUST].entries)
    marked = (_marked(period, wanted) for period in periods)
    return tuple(sorted(marked, key=lambda period: (period.not_after, period.subject)))


def _marked(period: Period, wanted: Iterable[str]) -> Period:
    if period.subject in wanted:
        return period
    return Period(
        subject=period.subject,
        issuer=period.issuer,
        fingerprint=period.fingerprint,
        not_before=period.not_before,
        not_after=period.not_after,
        in_use=False,
    )


def _known(periods: Iterator[Period | None]) -> tuple[Period, ...]:
    return tuple(period for period in periods if period is not None)
