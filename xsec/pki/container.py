"""What a file holds, decided from its octets and never from its name: certificates, CRLs, keys, requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, unique
from typing import Any

from cryptography import x509

from xsec.errors import InvalidValue
from xsec.pki import der, pem, pkcs12_limits
from xsec.pki.pkcs12 import Opener
from xsec.secret import Secret

MAXIMUM_CERTIFICATE_BYTES = 64 * 1024
MAXIMUM_FILE_BYTES = 256 << 20  # rules.md, 6: the CRL limit, which is the largest
MAXIMUM_PKCS12_BYTES = 1 << 20

ALLOWED = "PEM, a DER certificate or CRL, PKCS#7, PKCS#12"


@unique
class Kind(Enum):
    """What one object is."""

    CERTIFICATE = "certificate"
    CRL = "CRL"
    REQUEST = "certificate request"
    PRIVATE_KEY = "private key"
    PKCS7 = "PKCS#7 file"
    PKCS12 = "PKCS#12 file"
    OTHER = "other object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A certificate, CRL or request, byte for byte as given, and its place for messages."""

    kind: Kind
    der: bytes
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """A private key, still as given: PEM where it stood in PEM, DER otherwise."""

    data: Secret
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything in one file, in its order."""

    name: str
    form: str
    certificates: tuple[Found, ...] = ()
    crls: tuple[Found, ...] = ()
    requests: tuple[Found, ...] = ()
    keys: tuple[FoundKey, ...] = ()
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def first_certificate(self) -> bytes:
        """The first certificate, which is the one a question is about; the others are its chain."""
        if not self.certificates:
            raise InvalidValue("the file holds no certificate", where=self.name)
        return self.certificates[0].der

    def need_key(self) -> None:
        """`InvalidValue` where the file that was given as the private key holds none."""
        if not self.keys:
            allowed = "a private key in PEM or DER, or PKCS#12"
            raise InvalidValue("the file holds no private key", where=self.name, allowed=allowed)

    def crls_der(self) -> list[bytes]:
        """The CRLs as octets; there is at least one."""
        if not self.crls:
            raise InvalidValue("the file holds no CRL", where=self.name)
        return [found.der for found in self.crls]


@dataclass(slots=True)
class _Bag:
    """What has been gathered so far."""

    objects: list[Found] = field(default_factory=list)
    keys: list[FoundKey] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(data: bytes, name: str, *, password: Secret | None = None, opener: Opener | None = None) -> Contents:
    """What the file `name` holds; `InvalidValue` names the place (block and line, or octet) and the fault.

    `opener` opens PKCS#12 with `password`, confined; a private key is only found here, and opened by
    `keys.load_private`.
    """
    if not data.strip():
        raise InvalidValue("the file is empty", where=name, allowed=ALLOWED)
    if len(data) > MAXIMUM_FILE_BYTES:
        raise InvalidValue(
            f"the file has {len(data)} octets", where=name, allowed=f"at most {MAXIMUM_FILE_BYTES} octets"
        )
    bag = _Bag()
    if pem.is_pem(data):
        form = "PEM"
        for block in pem.blocks(data, name):
            _take_block(bag, block)
    elif data[0] == der.SEQUENCE:
        form = _take_der(bag, data, name, password, opener)
    else:
        raise InvalidValue(_what_else(data), where=name, allowed=ALLOWED)
    return Contents(
        name=name,
        form=form,
        certificates=tuple(item for item in bag.objects if item.kind is Kind.CERTIFICATE),
        crls=tuple(item for item in bag.objects if item.kind is Kind.CRL),
        requests=tuple(item for item in bag.objects if item.kind is Kind.REQUEST),
        keys=tuple(bag.keys),
        ignored=tuple(bag.ignored),
        warnings=tuple(bag.warnings),
    )


_LABELS = {
    "CERTIFICATE": Kind.CERTIFICATE,
    "X509 CERTIFICATE": Kind.CERTIFICATE,
    "X509 CRL": Kind.CRL,
    "CERTIFICATE REQUEST": Kind.REQUEST,
    "NEW CERTIFICATE REQUEST": Kind.REQUEST,
    "PKCS7": Kind.PKCS7,
    "CMS": Kind.PKCS7,
    "PRIVATE KEY": Kind.PRIVATE_KEY,
    "ENCRYPTED PRIVATE KEY": Kind.PRIVATE_KEY,
    "RSA PRIVATE KEY": Kind.PRIVATE_KEY,
    "EC PRIVATE KEY": Kind.PRIVATE_KEY,
    "DSA PRIVATE KEY": Kind.PRIVATE_KEY,
}
_REFUSED = {
    "TRUSTED CERTIFICATE": (
        "is OpenSSL's own form with trust settings added",
        "openssl x509 -in FILE -out PLAIN.pem",
    ),
    "OPENSSH PRIVATE KEY": ("is OpenSSH's own form of a key", "ssh-keygen -p -m PKCS8 -f FILE"),
}


def _take_block(bag: _Bag, block: pem.Block) -> None:
    if block.label in _REFUSED:
        what, remedy = _REFUSED[block.label]
        raise InvalidValue(f"the block {block.label} {what}", where=block.where, remedy=remedy)
    wanted = _LABELS.get(block.label)
    if wanted is None:
        bag.ignored.append(f"{block.where}: {block.label} is not used")
    elif wanted is Kind.PRIVATE_KEY:
        bag.keys.append(FoundKey(data=Secret(block.text + b"\n"), where=block.where))
    else:
        found = kind_of(block.der, block.where)
        if found is not wanted:
            what = f"the block is labelled {block.label} and holds {_a(found)}"
            raise InvalidValue(what, where=block.where)
        _take(bag, found, block.der, block.where)


# DER


def _take_der(bag: _Bag, data: bytes, name: str, password: Secret | None, opener: Opener | None) -> str:
    """Take the objects of a DER file, which may hold several one after the other."""
    at, forms = 0, []
    while at < len(data):
        where = name if at == 0 else f"{name}: octet {at}"
        if at and not data[at:].strip(b"\0\r\n"):
            raise InvalidValue(f"{len(data) - at} octets follow the object", where=where)
        try:
            whole = der.element(data, at, len(data))
        except der.NotDer as error:
            raise InvalidValue(f"the file has {error}", where=where, allowed=ALLOWED) from None
        block = data if whole.end - at == len(data) else der.octets(data, whole)
        kind = kind_of(block, where)
        forms.append("PKCS#7" if kind is Kind.PKCS7 else "PKCS#12" if kind is Kind.PKCS12 else "DER")
        if kind is Kind.PKCS12:
            _take_pkcs12(bag, block, where, password, opener)
        else:
            _take(bag, kind, block, where)
        at = whole.end
    return forms[0]


def kind_of(block: bytes, where: str) -> Kind:
    """What a DER object is, by the shape of its outer levels."""
    try:
        whole = der.element(block, 0, len(block))
        parts = der.children(block, whole)
        if whole.end != len(block):
            raise InvalidValue(f"{len(block) - whole.end} octets follow the object", where=where)
        return _shape(block, parts)
    except der.NotDer as error:
        raise InvalidValue(f"the object has {error}", where=where, allowed=ALLOWED) from None


def _shape(block: bytes, parts: tuple[der.Element, ...]) -> Kind:
    tags = tuple(part.tag for part in parts[:3])
    match tags:
        case (der.SEQUENCE, der.SEQUENCE, der.BIT_STRING):
            return _signed_shape(block, der.children(block, parts[0]))
        case (der.OID, *_):
            return Kind.PKCS7
        case (der.INTEGER, der.SEQUENCE, der.OCTET_STRING):
            return Kind.PRIVATE_KEY
        case (der.INTEGER, der.SEQUENCE, *_) if der.integer(block, parts[0]) == 3:
            return Kind.PKCS12
        case (der.INTEGER, der.INTEGER, der.INTEGER) | (der.INTEGER, der.OCTET_STRING, *_):
            return Kind.PRIVATE_KEY
        case (der.SEQUENCE, der.OCTET_STRING):
            return Kind.PRIVATE_KEY
        case _:
            return Kind.OTHER


def _signed_shape(block: bytes, parts: tuple[der.Element, ...]) -> Kind:
    """Certificate, CRL or request: all three are SIGNED{...} (RFC 5280, 4.1 and 5.1; RFC 2986, 4)."""
    tags = tuple(part.tag for part in parts)
    times = (der.UTC_TIME, der.GENERALIZED_TIME)
    match tags:
        case (0xA0, *_):
            return Kind.CERTIFICATE
        case (der.INTEGER, der.SEQUENCE, der.SEQUENCE, time, *_) if time in times:
            return Kind.CRL
        case (der.SEQUENCE, der.SEQUENCE, time, *_) if time in times:
            return Kind.CRL
        case (der.INTEGER, der.SEQUENCE, der.SEQUENCE, der.SEQUENCE, *_):
            return Kind.CERTIFICATE
        case (der.INTEGER, der.SEQUENCE, der.SEQUENCE, *_) if der.integer(block, parts[0]) == 0:
            return Kind.REQUEST
        case _:
            return Kind.OTHER


def _take(bag: _Bag, kind: Kind, block: bytes, where: str) -> None:
    match kind:
        case Kind.CERTIFICATE:
            bag.objects.append(Found(kind=kind, der=_checked_certificate(block, where), where=where))
        case Kind.CRL:
            bag.objects.append(
                Found(kind=kind, der=_checked(x509.load_der_x509_crl, kind, block, where), where=where)
            )
        case Kind.REQUEST:
            bag.objects.append(Found(kind=kind, der=block, where=where))
        case Kind.PRIVATE_KEY:
            bag.keys.append(FoundKey(data=Secret(block), where=where))
        case Kind.PKCS7:
            _take_pkcs7(bag, block, where)
        case Kind.PKCS12 | Kind.OTHER:
            raise InvalidValue(f"{_a(kind)} is not allowed here", where=where, allowed=ALLOWED)


def _checked_certificate(block: bytes, where: str) -> bytes:
    if len(block) > MAXIMUM_CERTIFICATE_BYTES:
        raise InvalidValue(
            f"the certificate has {len(block)} octets",
            where=where,
            allowed=f"at most {MAXIMUM_CERTIFICATE_BYTES} octets",
        )
    return _checked(x509.load_der_x509_certificate, Kind.CERTIFICATE, block, where)


def _checked(load: Any, kind: Kind, block: bytes, where: str) -> bytes:
    try:
        load(block)
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise InvalidValue(f"the {kind.value} is malformed: {reason(error)}", where=where) from None
    return block


_PARSE_ERROR = re.compile(r"kind: (\w+)")
_PARSE_PLACE = re.compile(r'"(?:\w+::)?(\w+)"')


def reason(error: Exception) -> str:
    """What the library says of a malformed object, in words and without its type names."""
    text = str(error)
    kind = _PARSE_ERROR.search(text)
    if kind is None:
        return text[:1].lower() + text[1:].rstrip(".") if text else type(error).__name__
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind[1]).lower()
    places = _PARSE_PLACE.findall(text)
    return f"{words} in {places[-1]}" if places else words


def _a(kind: Kind) -> str:
    return f"an {kind.value}" if kind is Kind.OTHER else f"a {kind.value}"


# PKCS#7 (RFC 2315, 9.1; RFC 5652, 5.1): read by structure, so that each certificate stays byte for byte

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")


def _take_pkcs7(bag: _Bag, block: bytes, where: str) -> None:
    try:
        outer = der.children(block, der.element(block, 0, len(block)))
        if der.content(block, outer[0]) != _SIGNED_DATA or len(outer) != 2:
            raise InvalidValue(
                "the PKCS#7 file carries no certificates",
                where=where,
                allowed="SignedData",
            )
        signed = der.children(block, der.children(block, outer[1])[0])
        inner = [item for part in signed if part.tag in (0xA0, 0xA1) for item in der.children(block, part)]
        before = len(bag.objects)
        for number, item in enumerate(inner, 1):
            place = f"{where}: object {number}"
            octets = der.octets(block, item)
            _take(bag, kind_of(octets, place), octets, place)
    except (der.NotDer, IndexError):
        raise InvalidValue("the PKCS#7 file is malformed", where=where) from None
    if len(bag.objects) == before:
        raise InvalidValue("the PKCS#7 file holds no certificate and no CRL", where=where)


# PKCS#12 (RFC 7292)


def _take_pkcs12(bag: _Bag, block: bytes, where: str, password: Secret | None, opener: Opener | None) -> None:
    """Open a PKCS#12 file: counts are limited first, then the MAC is checked, then the content is read."""
    if len(block) > MAXIMUM_PKCS12_BYTES:
        raise InvalidValue(
            f"the PKCS#12 file has {len(block)} octets",
            where=where,
            allowed=f"at most {MAXIMUM_PKCS12_BYTES} octets",
        )
    bag.warnings += pkcs12_limits.check(block, where)
    if password is None or opener is None:
        raise InvalidValue(
            "a PKCS#12 file is opened by its passphrase, and none was given",
            where=where,
            remedy="give the passphrase with --passphrase-source file:PATH or prompt",
        )
    try:
        opened = opener(block, password)
    except InvalidValue as error:
        raise InvalidValue(error.what, where=where, allowed=error.allowed, remedy=error.remedy) from None
    if opened.key is not None:
        bag.keys.append(FoundKey(data=opened.key, where=f"{where}: key"))
    for number, octets in enumerate(opened.certificates, 1):
        _take(bag, Kind.CERTIFICATE, octets, f"{where}: certificate {number}")


def _what_else(data: bytes) -> str:
    """What a file is that holds nothing of use here, for the message."""
    for start, what in _MAGIC:
        if data.startswith(start):
            return what
    if data.lstrip()[:1] == b"<":
        return "the file is HTML or XML: perhaps a login page was saved in place of the file"
    if data.lstrip()[:3] in (b"MII", b"MIG"):
        return "the file is base64 without its BEGIN and END lines"
    return "the file is of no known form"


_MAGIC = (
    (b"\xff\xfe", "the file is UTF-16 text: save it as plain text"),
    (b"\xfe\xff", "the file is UTF-16 text: save it as plain text"),
    (b"PK\x03\x04", "the file is a ZIP archive: unpack it first"),
    (b"\x1f\x8b", "the file is a GZIP archive: unpack it first"),
    (b"\xfe\xed\xfe\xed", "the file is a Java key store: export it as PKCS#12 first"),
)
