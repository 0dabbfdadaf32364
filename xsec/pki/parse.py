"""A guarded, lazy view of certificates: what validation reads, each part readable by itself.

The library decides what a certificate is; its accessors, which raise for one bad extension, are not used.
A trust anchor needs only a name and a key, so one that the library refuses is still read (RFC 5280, 6.1.1 d).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.utils import CryptographyDeprecationWarning

from xsec.output.escape import printable
from xsec.pki import der as structure
from xsec.pki import extensions as ext
from xsec.pki import names, values
from xsec.pki.container import reason
from xsec.pki.der import Element, NotDer
from xsec.pki.extensions import Extension

MAXIMUM_OCTETS = 1 << 16  # rules.md, 6: a certificate

_LIBRARY = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


class Unreadable(Exception):
    """A certificate, a CRL or one extension is not what its type says; the text tells the first fault."""


class Extensions(Mapping[str, Extension]):
    """The extensions of one object by OID; decoded on demand, each apart from the others."""

    __slots__ = ("_by_oid", "_decoded", "duplicates", "fault")

    def __init__(self, listed: tuple[Extension, ...], fault: str = "") -> None:
        self._by_oid: dict[str, Extension] = {}
        self._decoded: dict[str, Any] = {}
        self.fault = fault
        duplicates = []
        for item in listed:
            if item.oid in self._by_oid:
                duplicates.append(item.oid)
            self._by_oid.setdefault(item.oid, item)
        self.duplicates = tuple(duplicates)

    def __getitem__(self, oid: str) -> Extension:
        return self._by_oid[oid]

    def __iter__(self) -> Any:
        return iter(self._by_oid)

    def __len__(self) -> int:
        return len(self._by_oid)

    def value(self, oid: str) -> Any:
        """The decoded value, None when it is absent; `Unreadable` when it cannot be decoded."""
        if oid not in self._decoded:
            found = self._by_oid.get(oid)
            self._decoded[oid] = None if found is None else _decode(found)
        value = self._decoded[oid]
        if isinstance(value, Unreadable):
            raise value
        return value

    def known(self, oid: str) -> Any:
        """The decoded value, None when it is absent or unreadable: for hints, never for decisions."""
        try:
            return self.value(oid)
        except Unreadable:
            return None

    def faults(self) -> tuple[tuple[str, str], ...]:
        """OID and fault of each extension that is read and cannot be, duplicates included."""
        found = [("", self.fault)] if self.fault else []
        found += [(oid, "is there twice") for oid in self.duplicates]
        for oid in self._by_oid:
            try:
                self.value(oid)
            except Unreadable as error:
                found.append((oid, str(error)))
        return tuple(found)


def _decode(found: Extension) -> Any:
    """The value, or the exception that reading it is to raise."""
    decoder = ext.DECODERS.get(found.oid)
    if decoder is None:
        return found.value
    try:
        return decoder(found.value)
    except (NotDer, IndexError) as error:
        return Unreadable(str(error))


def extensions_in(der: bytes, wrapped: Element | None) -> Extensions:
    """The extensions of a certificate or CRL; when their list itself is no DER, `fault` says so."""
    if wrapped is None:
        return Extensions(())
    try:
        inner = structure.children(der, wrapped)
        return Extensions(tuple(ext.listed(der, inner[0])))
    except (NotDer, IndexError) as error:
        return Extensions((), f"the list of extensions is malformed: {error}")


class CertificateView:
    """One certificate.  `certificate` is the library's object; None for an anchor that it refuses."""

    def __init__(self, der: bytes, certificate: x509.Certificate | None) -> None:
        self.der = der
        self.certificate = certificate
        outer = structure.children(der, values.whole(der))
        if len(outer) != 3:
            raise NotDer("no certificate", 0)
        parts = structure.children(der, outer[0])
        at = 1 if parts and parts[0].tag == 0xA0 else 0
        if len(parts) < at + 6:
            raise NotDer("no certificate", 0)
        self.version = structure.integer(der, structure.children(der, parts[0])[0]) + 1 if at else 1
        self.tbs = der[outer[0].start : outer[0].end]
        self.serial = int.from_bytes(structure.content(der, parts[at]), "big", signed=True)
        self._algorithms = (structure.octets(der, parts[at + 1]), structure.octets(der, outer[1]))
        self.issuer_name = structure.octets(der, parts[at + 2])
        self.subject_name = structure.octets(der, parts[at + 4])
        self.issuer: names.Name = names.normal(self.issuer_name)
        self.subject: names.Name = names.normal(self.subject_name)
        self.public_key_info = structure.octets(der, parts[at + 5])
        self._validity = parts[at + 3]
        self._extensions = next((part for part in parts[at + 6 :] if part.tag == 0xA3), None)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the DER in lower-case hex."""
        return sha256(self.der).hexdigest()

    @property
    def self_issued(self) -> bool:
        """Whether issuer and subject are the same name (RFC 5280, 3.2)."""
        return self.issuer == self.subject

    @cached_property
    def node(self) -> tuple[names.Name, bytes]:
        """Name and key: what another certificate is issued by."""
        return self.subject, self.public_key_info

    @cached_property
    def extensions(self) -> Extensions:
        """The extensions; when their list itself is no DER, `fault` says so."""
        return extensions_in(self.der, self._extensions)

    def value(self, oid: str) -> Any:
        """The decoded value of an extension; see `Extensions.value`."""
        return self.extensions.value(oid)

    @cached_property
    def public_key(self) -> Any:
        """The public key, or None for one that the library cannot read."""
        try:
            return load_der_public_key(self.public_key_info)
        except _LIBRARY:
            return None

    @cached_property
    def not_before(self) -> datetime | None:
        """From when it is valid, included; None only for an anchor with an unreadable time."""
        return self._time(0)

    @cached_property
    def not_after(self) -> datetime | None:
        """Until when it is valid, included; None only for an anchor with an unreadable time."""
        return self._time(1)

    def _time(self, at: int) -> datetime | None:
        if self.certificate is not None:
            both = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
            return both[at]
        try:
            return moment(self.der, structure.children(self.der, self._validity)[at])
        except (NotDer, IndexError):
            return None

    @property
    def algorithms_agree(self) -> bool:
        """Whether inner and outer signature algorithm are the same octets (RFC 5280, 4.1.1.2)."""
        return self._algorithms[0] == self._algorithms[1]

    @cached_property
    def is_authority(self) -> bool:
        """Whether basicConstraints says cA; an unreadable one does not."""
        found = self.extensions.known(ext.BASIC_CONSTRAINTS)
        return found is not None and found.ca

    @property
    def may_anchor(self) -> bool:
        """Whether an anchor may have signed others: version 1 has no cA to say, later ones must say it.

        RFC 5280, 4.2.1.9 (a certificate without the extension must not sign) and 6.1.4 (k).
        """
        plain = self.version == 1 and not self.extensions and not self.extensions.fault
        return plain or self.is_authority

    @cached_property
    def title(self) -> str:
        """The subject for people; of an empty one the first alternative name, else the serial number."""
        return shown(self.subject_name) or self._alternative or f"serial {self.serial:x}"

    @property
    def _alternative(self) -> str:
        found = self.extensions.known(ext.SUBJECT_ALTERNATIVE_NAME)
        return str(found[0]) if found else ""

    def __repr__(self) -> str:
        return f"CertificateView({self.title!r}, {self.digest[:12]})"


_TIMES = {(structure.UTC_TIME, 13): "%y%m%d%H%M%SZ", (structure.GENERALIZED_TIME, 15): "%Y%m%d%H%M%SZ"}


def moment(data: bytes, item: Element) -> datetime:
    """The UTC moment of a UTCTime or GeneralizedTime in the form DER allows (RFC 5280, 4.1.2.5)."""
    text = structure.content(data, item).decode("latin-1")
    form = _TIMES.get((item.tag, len(text)))
    try:
        found = datetime.strptime(text, form or "").replace(tzinfo=UTC)
    except ValueError:
        raise NotDer("no time", item.start) from None
    # strptime's pivot is 1969; RFC 5280, 4.1.2.5.1 puts it at 1950
    wrong = item.tag == structure.UTC_TIME and found.year >= 2050
    return found.replace(year=found.year - 100) if wrong else found


_SHORT: Mapping[str, str] = MappingProxyType(
    {
        "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
        "2.5.4.5": "serialNumber", "2.5.4.4": "SN", "2.5.4.42": "GN", "2.5.4.46": "dnQualifier",
        "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
        "1.2.840.113549.1.9.1": "emailAddress",
    }
)  # fmt: skip


def shown(name: bytes) -> str:
    """A distinguished name in the order of RFC 4514, for people: on one line, control characters escaped."""
    parts = []
    for rdn in structure.children(name, structure.element(name, 0, len(name))):
        for item in structure.children(name, rdn):
            kind, value = structure.children(name, item)
            label = _label(structure.content(name, kind))
            text = names.text(value.tag, structure.content(name, value))
            parts.append(f"{label}={'?' if text is None else _escaped(text)}")
    return printable(",".join(reversed(parts)))


def _label(kind: bytes) -> str:
    try:
        dotted = values.dotted(kind)
    except NotDer:
        return kind.hex()
    return _SHORT.get(dotted, dotted)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in ',+"\\<>;=' else char for char in text)


@lru_cache(maxsize=2048)
def certificate(der: bytes) -> CertificateView:
    """The view of a certificate; `Unreadable` says why it is none."""
    if len(der) > MAXIMUM_OCTETS:
        raise Unreadable(f"{len(der)} octets; a certificate has at most {MAXIMUM_OCTETS}")
    try:
        view = CertificateView(der, _library(der))
        view.not_before, view.not_after  # noqa: B018  (a date that no calendar has shows here)
    except (*_LIBRARY, IndexError) as error:
        raise Unreadable(reason(error)) from None
    return view


_USUAL = bytes.fromhex("a00302010202")


def _library(der: bytes) -> x509.Certificate:
    """The library's object; a serial number of 0 or below is a finding, not a warning on stderr."""
    # in the usual form (version 3, lengths of two octets) the serial number is seen without parsing
    if der[8:14] == _USUAL and der[15] < 0x80 and der[14:16] != b"\x01\x00":
        return x509.load_der_x509_certificate(der)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(der)


@lru_cache(maxsize=2048)
def anchor(der: bytes) -> CertificateView:
    """The view of a trust anchor: one that the library refuses needs a name and a readable key."""
    try:
        found = certificate(der)
    except Unreadable as refused:
        found = _tolerant(der, refused)
    if found.public_key is None:
        raise Unreadable("the public key cannot be read")
    return found


def _tolerant(der: bytes, refused: Unreadable) -> CertificateView:
    if len(der) > MAXIMUM_OCTETS:
        raise refused
    try:
        return CertificateView(der, None)
    except (NotDer, IndexError):
        raise refused from None
