"""How fresh the manual CRLs are: when each was made, when it must be followed by the next (CR-4, BA-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from xsec.pki import describe
from xsec.revocation.manual import MANUAL
from xsec.state.snapshot import Snapshot

SOON = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """One CRL: thisUpdate and nextUpdate (RFC 5280, 5.1.2.4 and 5.1.2.5); `next_update` None has no end."""

    issuer: str
    digest: str
    file: str
    this_update: datetime
    next_update: datetime | None

    @property
    def soon(self) -> datetime | None:
        """From when on the next one is due: 3 days before the end, for short lives the last quarter."""
        if self.next_update is None:
            return None
        return self.next_update - min(SOON, (self.next_update - self.this_update) / 4)


def manual(snapshot: Snapshot) -> tuple[Freshness, ...]:
    """The newest uploaded CRL of each issuer, the first to end first; what does not read is left out."""
    newest: dict[str, Freshness] = {}
    for stored in snapshot[MANUAL].crls:
        try:
            crl = x509.load_der_x509_crl(stored.der)
            found = Freshness(
                issuer=describe.issuer(crl),
                digest=stored.digest,
                file=stored.file,
                this_update=crl.last_update_utc,
                next_update=crl.next_update_utc,
            )
        except describe.UNREADABLE:
            continue
        if found.issuer not in newest or newest[found.issuer].this_update < found.this_update:
            newest[found.issuer] = found
    return tuple(sorted(newest.values(), key=lambda f: (f.next_update is None, f.next_update, f.issuer)))
