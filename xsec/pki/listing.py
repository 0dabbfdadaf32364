"""The trust list and the server certificate as rows and fields: what `trust list` and `cert show` answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from xsec.errors import InvalidValue
from xsec.pki import describe
from xsec.pki.addition import remarks_on
from xsec.pki.describe import Decoded
from xsec.pki.server import SELF_SIGNED, Identity, complete
from xsec.pki.trust import TRUST, Entry, counts_for, same_subject
from xsec.state.snapshot import Snapshot

MATCHES = "matches issuer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of the trust list."""

    number: int
    subject: str
    issuer: str
    not_after: datetime | None
    days_left: int | None
    state: str
    kinds: frozenset[str] | None
    counts_for: str
    fingerprint: str
    added: datetime
    source: str
    remarks: tuple[str, ...]

    @property
    def cells(self) -> tuple[object, ...]:
        """As a row of the table."""
        issuer = MATCHES if self.issuer == self.subject else self.issuer
        expires = self.not_after.date().isoformat() if self.not_after else None
        short = describe.short(self.fingerprint)
        return (
            self.number,
            self.subject,
            issuer,
            expires,
            self.days_left,
            self.state,
            self.counts_for,
            short,
        )


COLUMNS = ("no.", "subject", "issuer", "expires", "days left", "state", "for", "fingerprint")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlRow:
    """One CRL that is kept with the trust list."""

    id: str
    issuer: str
    fingerprint: str
    added: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The trust list as a command answers it."""

    certificates: tuple[Row, ...]
    crls: tuple[CrlRow, ...]
    findings: tuple[str, ...]


def listing(snapshot: Snapshot, now: datetime) -> Listing:
    """Every entry and embedded CRL in order, and what is to be said about the list as a whole."""
    trust = snapshot[TRUST]
    rows = tuple(_row(number, entry, now) for number, entry in enumerate(trust.entries, 1))
    crls = tuple(
        CrlRow(
            id=f"c{number}",
            issuer=describe.issuer(x509.load_der_x509_crl(crl.der)),
            fingerprint=crl.digest,
            added=crl.added,
            source=crl.source,
        )
        for number, crl in enumerate(trust.crls, 1)
    )
    return Listing(certificates=rows, crls=crls, findings=tuple(findings(snapshot)))


def _row(number: int, entry: Entry, now: datetime) -> Row:
    try:
        certificate = describe.load(entry.der)
    except InvalidValue as error:
        return _unreadable(number, entry, error.what)
    return Row(
        number=number,
        subject=describe.subject(certificate),
        issuer=describe.issuer(certificate),
        not_after=certificate.not_valid_after_utc,
        days_left=describe.days(certificate.not_valid_after_utc, now),
        state=describe.state(certificate, now),
        kinds=entry.kinds,
        counts_for=counts_for(entry),
        fingerprint=entry.digest,
        added=entry.added,
        source=entry.source,
        remarks=tuple(remarks_on(certificate, now)),
    )


def _unreadable(number: int, entry: Entry, what: str) -> Row:
    return Row(
        number=number,
        subject="(unreadable)",
        issuer="(unreadable)",
        not_after=None,
        days_left=None,
        state="unreadable",
        kinds=entry.kinds,
        counts_for=counts_for(entry),
        fingerprint=entry.digest,
        added=entry.added,
        source=entry.source,
        remarks=(what,),
    )


def findings(snapshot: Snapshot) -> Iterator[str]:
    """The first-match trap of appliances (appliance-facts, 7)."""
    trust = snapshot[TRUST]
    for group in same_subject(trust):
        first, *later = (str(trust.entries.index(entry) + 1) for entry in group)
        subject = describe.subject(describe.load(group[0].der))
        yield (
            f"entries {first} and {', '.join(later)} have the subject {subject} and different keys: "
            f"an appliance finds only entry {first}; remove the one that is no longer used"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An installed identity as a command answers it."""

    certificate: Decoded
    chain: tuple[Decoded, ...]
    default: bool
    self_signed: bool
    source: str
    installed: datetime
    public_key_digest: str
    used_by: tuple[str, ...]
    findings: tuple[str, ...]


def shown(snapshot: Snapshot, identity: Identity, now: datetime, used_by: tuple[str, ...]) -> Shown:
    """The identity decoded, with what is wrong with it."""
    _, remarks = complete(snapshot, identity.certificate, identity.chain)
    certificate = describe.decoded(identity.certificate, now)
    return Shown(
        certificate=certificate,
        chain=tuple(describe.decoded(der, now) for der in identity.chain),
        default=identity.source == SELF_SIGNED,
        self_signed=certificate.self_issued,
        source=identity.source,
        installed=identity.installed,
        public_key_digest=identity.public_key_digest,
        used_by=used_by,
        findings=remarks,
    )


def fields(decoded: Decoded) -> list[tuple[str, object]]:
    """A decoded certificate as names and values."""
    return [
        ("subject", decoded.subject),
        ("issuer", MATCHES if decoded.self_issued else decoded.issuer),
        ("serial number", decoded.serial),
        ("valid from", decoded.not_before),
        ("valid until", decoded.not_after),
        ("days left", decoded.days_left),
        ("state", decoded.state),
        ("key", decoded.key),
        ("signature", decoded.signature),
        ("names", decoded.names),
        ("fingerprint", decoded.fingerprint),
        *(("extension", text) for text in decoded.extensions),
    ]
