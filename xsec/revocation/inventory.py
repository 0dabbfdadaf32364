"""The CRLs at hand as rows, and entries by serial number: what `crl list` and `crl show` answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from xsec.errors import InvalidValue
from xsec.pki import describe
from xsec.pki.trust import TRUST
from xsec.revocation import manual
from xsec.revocation.lookup import reason_of
from xsec.revocation.manual import MANUAL, Described
from xsec.state.snapshot import Snapshot

COLUMNS = ("id", "source", "issuer", "scope", "number", "next update", "state", "entries", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One CRL at hand; `id` chooses it in `crl show`."""

    id: str
    source: str
    file: str
    crl: Described

    @property
    def cells(self) -> tuple[object, ...]:
        """As a row of the table."""
        told = self.crl
        return (
            self.id, self.source, told.issuer, told.scope, told.number, told.next_update, told.state,
            told.entries, self.file,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One revoked certificate."""

    serial: str
    reason: str
    revocation_date: datetime

    @property
    def cells(self) -> tuple[object, ...]:
        return (self.serial, self.reason, self.revocation_date)


def _held(snapshot: Snapshot) -> list[tuple[str, str, str, str, bytes]]:
    uploaded = snapshot[MANUAL].crls
    embedded = snapshot[TRUST].crls
    return [
        *((str(n), "manual", crl.file, crl.digest, crl.der) for n, crl in enumerate(uploaded, 1)),
        *((f"c{n}", "embedded", crl.source, crl.digest, crl.der) for n, crl in enumerate(embedded, 1)),
    ]


def inventory(snapshot: Snapshot, now: datetime) -> tuple[Row, ...]:
    """Every CRL at hand: the uploaded ones by number, the embedded ones as c1, c2."""
    return tuple(
        Row(id=name, source=source, file=file, crl=manual.described(der, now))
        for name, source, file, _, der in _held(snapshot)
    )


def find(snapshot: Snapshot, name: str) -> bytes | None:
    """The CRL that an id or 4 or more digits of a fingerprint choose; None when neither does."""
    digits = name.replace(":", "").lower()
    found = [
        der
        for own, _, _, digest, der in _held(snapshot)
        if own == name or (len(digits) >= 4 and digest.startswith(digits))
    ]
    if len(found) > 1:
        raise InvalidValue(f"{name!r} matches {len(found)} CRLs", remedy="xsec crl list")
    return found[0] if found else None


def entries(crls: Iterable[bytes], serial: str) -> tuple[Listed, ...]:
    """The entries of a serial number, which is given in hex with or without colons."""
    digits = serial.replace(":", "").removeprefix("0x")
    if not digits or len(digits) > 40 or set(digits.lower()) - set("0123456789abcdef"):
        raise InvalidValue(f"{serial!r} is no serial number", allowed="1 to 40 hex digits")
    number = int(digits, 16)
    found = (manual.load(der).get_revoked_certificate_by_serial_number(number) for der in crls)
    return tuple(
        Listed(
            serial=describe.serial(number), reason=reason_of(entry), revocation_date=entry.revocation_date_utc
        )
        for entry in found
        if entry is not None
    )
