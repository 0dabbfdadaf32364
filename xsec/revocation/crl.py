"""A CRL as revocation checking reads it: issuer, times, scope and numbers, and its entries by serial."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from xsec.pki import der as structure
from xsec.pki import extensions as ext
from xsec.pki import names, values
from xsec.pki.container import reason
from xsec.pki.der import Element, NotDer
from xsec.pki.distribution import Scope
from xsec.pki.extensions import AuthorityKey
from xsec.pki.names import Name
from xsec.pki.parse import Extensions, Unreadable, extensions_in, moment, shown

MAXIMUM_OCTETS = 256 << 20  # rules.md, 6: a CRL body

_LIBRARY = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
_TIMES = (structure.UTC_TIME, structure.GENERALIZED_TIME)
_CRITICAL = b"\x01\x01\xff"

_KNOWN = frozenset(
    (
        ext.AUTHORITY_KEY_IDENTIFIER,
        ext.ISSUER_ALTERNATIVE_NAME,
        ext.CRL_NUMBER,
        ext.DELTA_CRL_INDICATOR,
        ext.ISSUING_DISTRIBUTION_POINT,
        ext.FRESHEST_CRL,
        ext.AUTHORITY_INFORMATION_ACCESS,
    )
)
_KNOWN_OF_ENTRY = frozenset((ext.CRL_REASON, ext.INVALIDITY_DATE, ext.CERTIFICATE_ISSUER))

REMOVE_FROM_CRL = 8
REASONS = {
    0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
    5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn",
    10: "aACompromise",
}  # fmt: skip


class Entry(NamedTuple):
    """What a CRL says of one certificate (RFC 5280, 5.3); None: not told, or not readable."""

    serial: int
    revoked: datetime | None
    reason: int | None

    @property
    def reason_text(self) -> str:
        """The reason by its name in RFC 5280, 5.3.1."""
        return "not told" if self.reason is None else REASONS.get(self.reason, str(self.reason))


class CrlView:
    """One CRL; `source` tells where it came from.  Entries are found without parsing the others."""

    def __init__(self, der: bytes, crl: x509.CertificateRevocationList, source: str = "") -> None:
        self.der, self.crl, self.source = der, crl, source
        outer = structure.children(der, values.whole(der))
        parts = list(structure.elements(der, outer[0].content, outer[0].end))
        if parts[0].tag == structure.INTEGER:
            parts = parts[1:]
        self.tbs = der[outer[0].start : outer[0].end]
        self.algorithms_agree = structure.octets(der, parts[0]) == structure.octets(der, outer[1])
        self.issuer_name = structure.octets(der, parts[1])
        self.issuer: Name = names.normal(self.issuer_name)
        rest = parts[3:]
        if rest and rest[0].tag in _TIMES:
            rest = rest[1:]
        self._entries = rest.pop(0) if rest and rest[0].tag == structure.SEQUENCE else None
        self._extensions = rest[0] if rest else None
        self.this_update: datetime = crl.last_update_utc
        self.next_update: datetime | None = crl.next_update_utc

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the DER in lower-case hex."""
        return sha256(self.der).hexdigest()

    @property
    def title(self) -> str:
        """The CRL for people: its issuer and number."""
        told = "without a number" if self.number is None else f"number {self.number}"
        return f"CRL of {shown(self.issuer_name) or '(no name)'}, {told}"

    @cached_property
    def extensions(self) -> Extensions:
        """The CRL's own extensions."""
        return extensions_in(self.der, self._extensions)

    def _known(self, oid: str) -> Any:
        return self.extensions.known(oid)

    @property
    def number(self) -> int | None:
        """The CRL number; None when it is absent or unreadable (RFC 5280, 5.2.3)."""
        found: int | None = self._known(ext.CRL_NUMBER)
        return found

    @property
    def base(self) -> int | None:
        """The number of the complete CRL that a delta builds on; None for a complete CRL (5.2.4)."""
        found: int | None = self._known(ext.DELTA_CRL_INDICATOR)
        return found

    @property
    def is_delta(self) -> bool:
        """Whether it is a delta CRL, readable or not."""
        return ext.DELTA_CRL_INDICATOR in self.extensions

    @property
    def authority_key(self) -> AuthorityKey | None:
        """What it tells of the key that signed it (5.2.1)."""
        found: AuthorityKey | None = self._known(ext.AUTHORITY_KEY_IDENTIFIER)
        return found

    @cached_property
    def scope(self) -> Scope:
        """What it covers; everything of its issuer when it does not say (5.2.5)."""
        found = self._known(ext.ISSUING_DISTRIBUTION_POINT)
        return Scope() if found is None else found

    @property
    def scope_octets(self) -> bytes | None:
        """The scope as encoded: what two CRLs of one scope have in common."""
        found = self.extensions.get(ext.ISSUING_DISTRIBUTION_POINT)
        return None if found is None else found.value

    @cached_property
    def fault(self) -> str:
        """Why it can prove nothing good, apart from time and signer; an empty text when it can."""
        faults = [
            f"{oid or 'extensions'}: {why}"
            for oid, why in self.extensions.faults()
            if oid in _KNOWN or not oid
        ]
        if faults:
            return f"an extension cannot be read: {faults[0]}"
        unknown = [item.oid for item in self.extensions.values() if item.critical and item.oid not in _KNOWN]
        if unknown:
            return f"an unknown critical extension {unknown[0]}"
        if self.number is None:
            return "no CRL number"
        if self.extensions[ext.CRL_NUMBER].critical:
            return "the CRL number is critical"
        if self.number.bit_length() > 160:
            return "a CRL number of more than 20 octets"
        return self._scope_fault or self._entry_fault

    @property
    def _scope_fault(self) -> str:
        scope = self.scope
        if sum((scope.only_users, scope.only_authorities, scope.only_attributes)) > 1:
            return "a scope of more than one kind of certificate"
        return "for attribute certificates only" if scope.only_attributes else ""

    # Time ---------------------------------------------------------------------------------------------

    def is_early(self, now: datetime, *, skew: timedelta) -> bool:
        """Whether thisUpdate lies in the future, by more than the issuer's clock may be ahead (5.1.2.4)."""
        return self.this_update - skew > now

    def is_expired(self, now: datetime) -> bool:
        """Whether nextUpdate is reached; a CRL without it never expires and is never current (5.1.2.5)."""
        return self.next_update is not None and now >= self.next_update

    def is_current(self, now: datetime, *, skew: timedelta) -> bool:
        """Whether `now` lies within thisUpdate..nextUpdate (CL-1)."""
        return self.next_update is not None and not self.is_early(now, skew=skew) and not self.is_expired(now)

    # Entries ------------------------------------------------------------------------------------------

    def lookup(self, serial: int, issuer: Name) -> Entry | None:
        """The entry for a certificate of `issuer`, or None (6.3.3 i and j).

        In an indirect CRL an entry belongs to the last certificateIssuer before it (5.3.3), so that it is
        walked from the start.
        """
        if self._entries is None:
            return None
        if self.scope.indirect or self._names_issuers:
            return self._by_issuer.get((issuer, serial))
        return self._find(serial) if issuer == self.issuer else None

    def _find(self, serial: int) -> Entry | None:
        """Search the octets of the serial number, then walk to the hit to see that it is an entry."""
        if self._entries is None:
            return None
        size = serial.bit_length() // 8 + 1 if serial >= 0 else (-serial - 1).bit_length() // 8 + 1
        if size > 127:
            return None
        wanted = bytes((structure.INTEGER, size)) + serial.to_bytes(size, "big", signed=True)
        at = self.der.find(wanted, self._entries.content, self._entries.end)
        if at < 0:
            return None
        for item in structure.elements(self.der, self._entries.content, self._entries.end):
            while 0 <= at < item.content:
                at = self.der.find(wanted, at + 1, self._entries.end)
            if at < 0:
                return None
            if item.content == at:
                return self._entry(item)
        return None

    def entries(self) -> Iterator[Element]:
        """Every entry as an element, in order."""
        if self._entries is not None:
            yield from structure.elements(self.der, self._entries.content, self._entries.end)

    def _entry(self, item: Element) -> Entry:
        parts = structure.children(self.der, item)
        serial = int.from_bytes(structure.content(self.der, parts[0]), "big", signed=True)
        reason = self._entry_extensions(parts).get(ext.CRL_REASON)
        code = None
        if reason is not None and len(reason.value) == 3 and reason.value[0] == structure.ENUMERATED:
            code = reason.value[2]
        try:
            when = moment(self.der, parts[1])
        except NotDer:
            when = None
        return Entry(serial, when, code)

    @property
    def bound(self) -> int:
        """At most how many entries there are: none is shorter than 18 octets."""
        return 0 if self._entries is None else (self._entries.end - self._entries.content) // 18

    def _entry_extensions(self, parts: tuple[Element, ...]) -> Extensions:
        if len(parts) < 3:
            return Extensions(())
        try:
            return Extensions(tuple(ext.listed(self.der, parts[2])))
        except NotDer as error:
            return Extensions((), str(error))

    @cached_property
    def _critical_entries(self) -> tuple[Element, ...]:
        """The entries that may have a critical extension; none of a million in most CRLs."""
        if self._entries is None or self.der.find(_CRITICAL, self._entries.content, self._entries.end) < 0:
            return ()
        return tuple(item for item in self.entries() if self.der.find(_CRITICAL, item.content, item.end) >= 0)

    @cached_property
    def _names_issuers(self) -> bool:
        return any(
            ext.CERTIFICATE_ISSUER in self._entry_extensions(structure.children(self.der, item))
            for item in self._critical_entries
        )

    @cached_property
    def _by_issuer(self) -> dict[tuple[Name, int], Entry]:
        """Every entry by the name of the certificate's issuer and the serial number."""
        found: dict[tuple[Name, int], Entry] = {}
        owners: tuple[Name, ...] = (self.issuer,)
        for item in self.entries():
            named = self._entry_extensions(structure.children(self.der, item)).known(ext.CERTIFICATE_ISSUER)
            if named:
                owners = tuple(names.normal(name.value) for name in named if name.kind == names.DIRECTORY)
            entry = self._entry(item)
            for owner in owners:
                found.setdefault((owner, entry.serial), entry)
        return found

    @cached_property
    def _entry_fault(self) -> str:
        """An entry that makes the whole list unusable to say good (CL-9, CL-10)."""
        for item in self._critical_entries:
            found = self._entry_extensions(structure.children(self.der, item))
            if found.faults():
                return f"an entry's extensions cannot be read: {found.faults()[0][1]}"
            for extension in found.values():
                if extension.critical and extension.oid not in _KNOWN_OF_ENTRY:
                    return f"an entry has an unknown critical extension {extension.oid}"
        if self._names_issuers and not self.scope.indirect:
            return "an entry names another issuer and the CRL is not indirect"
        if not self.is_delta and self._removes:
            return "removeFromCRL in a complete CRL"
        return ""

    @property
    def _removes(self) -> bool:
        """Whether an entry's reason is removeFromCRL (5.3.1)."""
        wanted = bytes.fromhex("0603551d15") + b"\x04\x03\x0a\x01\x08"
        critical = bytes.fromhex("0603551d150101ff") + b"\x04\x03\x0a\x01\x08"
        entries = self._entries
        return entries is not None and any(
            self.der.find(octets, entries.content, entries.end) >= 0 for octets in (wanted, critical)
        )


def crl(der: bytes, source: str = "") -> CrlView:
    """The view of a CRL; `Unreadable` says why it is none."""
    if len(der) > MAXIMUM_OCTETS:
        raise Unreadable(f"{len(der)} octets; a CRL has at most {MAXIMUM_OCTETS}")
    try:
        return CrlView(der, x509.load_der_x509_crl(der), source)
    except (*_LIBRARY, IndexError) as error:
        raise Unreadable(reason(error)) from None
