"""Certificates and CRLs in words: names, dates, key, extensions; an unreadable part is named, never raised.

Any accessor of the library may raise for a certificate that it parsed; everything here
is guarded, since this is what an operator sees of a certificate that is about to be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from xsec.errors import InvalidValue
from xsec.output.escape import printable
from xsec.pki import keys
from xsec.pki.container import reason

T = TypeVar("T")
E = TypeVar("E", bound=x509.ExtensionType)

UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension)
"""What the library's accessors raise for a part that it cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A certificate for people and for JSON."""

    subject: str
    issuer: str
    self_issued: bool
    serial: str
    not_before: datetime
    not_after: datetime
    days_left: int
    state: str
    key: str
    signature: str
    ca: bool
    names: tuple[str, ...]
    extensions: tuple[str, ...]
    fingerprint: str


def load(der: bytes, *, where: str = "") -> x509.Certificate:
    """The certificate as the library reads it; `InvalidValue` for one it refuses."""
    try:
        return x509.load_der_x509_certificate(der)
    except (*UNREADABLE, x509.InvalidVersion) as error:
        raise InvalidValue(f"the certificate is malformed: {reason(error)}", where=where) from None


def fingerprint(der: bytes) -> str:
    """SHA-256 over the DER in lower-case hex with colons."""
    return _colons(sha256(der).hexdigest())


def _colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def short(digest: str) -> str:
    """The beginning of a fingerprint that is enough to name a certificate in a command."""
    return digest.replace(":", "")[:12]


def subject(certificate: x509.Certificate) -> str:
    """The subject as RFC 4514 text."""
    return _name(lambda: certificate.subject)


def issuer(certificate: x509.Certificate | x509.CertificateRevocationList) -> str:
    """The issuer as RFC 4514 text."""
    return _name(lambda: certificate.issuer)


def _name(read: Callable[[], x509.Name]) -> str:
    try:
        return printable(read().rfc4514_string()) or "(no name)"
    except UNREADABLE:
        return "(unreadable name)"


def extension(certificate: x509.Certificate | x509.CertificateRevocationList, kind: type[E]) -> E | None:
    """The extension's value, or None when it is absent or the extensions cannot be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return None


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether basicConstraints says cA (RFC 5280, 4.2.1.9)."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The subject alternative names, each with its kind: `DNS:host.example`, `IP:192.0.2.1`."""
    alternative = extension(certificate, x509.SubjectAlternativeName)
    return tuple(_general_name(name) for name in alternative) if alternative is not None else ()


def _general_name(name: x509.GeneralName) -> str:
    match name:
        case x509.DNSName():
            return f"DNS:{name.value}"
        case x509.IPAddress():
            return f"IP:{name.value}"
        case x509.RFC822Name():
            return f"email:{name.value}"
        case x509.UniformResourceIdentifier():
            return f"URI:{name.value}"
        case x509.DirectoryName():
            return f"DirName:{_name(lambda: name.value)}"
        case x509.OtherName():
            return f"othername:{name.type_id.dotted_string}"
        case x509.RegisteredID():
            return f"RID:{name.value.dotted_string}"
        case _:
            return "(unreadable name)"


def key(certificate: x509.Certificate) -> str:
    """What the public key is, in words."""
    try:
        return keys.describe(certificate.public_key())
    except UNREADABLE:
        return "unreadable key"


def public_key(certificate: x509.Certificate) -> Any:
    """The public key, or None for one that the library cannot read."""
    try:
        return certificate.public_key()
    except UNREADABLE:
        return None


def signature(signed: x509.Certificate | x509.CertificateRevocationList) -> str:
    """The signature algorithm, by the name OpenSSL gives it where the library knows it."""
    oid = signed.signature_algorithm_oid
    return getattr(oid, "_name", oid.dotted_string)


def weak_digest(signed: x509.Certificate | x509.CertificateRevocationList) -> str:
    """MD5 or SHA-1 when the signature uses them, otherwise an empty text."""
    try:
        algorithm = signed.signature_hash_algorithm
    except UNREADABLE:
        return ""
    name = algorithm.name if algorithm is not None else ""
    return {"md5": "MD5", "sha1": "SHA-1"}.get(name, "")


def days(until: datetime, now: datetime) -> int:
    """Whole days from `now` to `until`, rounded down: 0 on the last day, negative when past."""
    return (until - now) // timedelta(days=1)


def state(certificate: x509.Certificate, now: datetime) -> str:
    """`valid`, `expired` or `not yet valid`; both ends belong to the period (RFC 5280, 4.1.2.5)."""
    if now < certificate.not_valid_before_utc:
        return "not yet valid"
    return "expired" if now > certificate.not_valid_after_utc else "valid"


def decoded(der: bytes, now: datetime) -> Decoded:
    """Everything an operator wants to see of a certificate."""
    certificate = load(der)
    return Decoded(
        subject=subject(certificate),
        issuer=issuer(certificate),
        self_issued=subject(certificate) == issuer(certificate),
        serial=serial(certificate.serial_number),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        days_left=days(certificate.not_valid_after_utc, now),
        state=state(certificate, now),
        key=key(certificate),
        signature=signature(certificate),
        ca=is_ca(certificate),
        names=names(certificate),
        extensions=tuple(_extensions(certificate)),
        fingerprint=fingerprint(der),
    )


def serial(number: int) -> str:
    """A serial number in hex with colons; a negative one, which RFC 5280 forbids, with its sign."""
    octets = max(1, (abs(number).bit_length() + 7) // 8)
    return ("-" if number < 0 else "") + abs(number).to_bytes(octets, "big").hex(":")


def _extensions(certificate: x509.Certificate) -> Iterator[str]:
    try:
        found = tuple(certificate.extensions)
    except UNREADABLE as error:
        yield f"unreadable: {reason(error)}"
        return
    for item in found:
        critical = ", critical" if item.critical else ""
        yield f"{getattr(item.oid, '_name', item.oid.dotted_string)}{critical}: {_value(item.value)}"


def _value(value: x509.ExtensionType) -> str:
    match value:
        case x509.BasicConstraints():
            length = "" if value.path_length is None else f", path length {value.path_length}"
            return f"cA {'true' if value.ca else 'false'}{length}"
        case x509.KeyUsage():
            return ", ".join(_usages(value))
        case x509.ExtendedKeyUsage():
            return ", ".join(getattr(oid, "_name", oid.dotted_string) for oid in value)
        case x509.SubjectAlternativeName() | x509.IssuerAlternativeName():
            return ", ".join(map(_general_name, value))
        case x509.SubjectKeyIdentifier():
            return _colons(value.digest.hex())
        case x509.AuthorityKeyIdentifier():
            return _colons(value.key_identifier.hex()) if value.key_identifier else "by issuer and serial"
        case x509.CRLDistributionPoints():
            return ", ".join(_general_name(name) for point in value for name in point.full_name or ())
        case x509.AuthorityInformationAccess():
            return ", ".join(
                f"{getattr(item.access_method, '_name', '')} {_general_name(item.access_location)}"
                for item in value
            )
        case x509.UnrecognizedExtension():
            return f"{len(value.value)} octets"
        case _:
            return type(value).__name__


_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign",
)  # fmt: skip


def _usages(usage: x509.KeyUsage) -> Iterator[str]:
    for name in _USAGES:
        if getattr(usage, name):
            first, *rest = name.split("_")
            yield {"key_cert_sign": "keyCertSign", "crl_sign": "cRLSign"}.get(
                name, first + "".join(part.capitalize() for part in rest)
            )
