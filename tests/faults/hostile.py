"""Certificates that try to give another user's name: the thirteen of rules.md finding 1, and a generator.

Everything is built from a seed with one key, so that a certificate that fails can be made again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from xsec.lab import pki

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CA = pki.authority("Careless CA", now=NOW, key=pki.seeded_key("careless"))
KEY = pki.seeded_key("holder")
FORGED = "x\n        Subject: O=Corp, CN=admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A certificate; `user` is whose it is, and `benign` says that this name must come out."""

    title: str
    der: bytes
    user: str
    benign: bool = False


def tlv(tag: int, content: bytes) -> bytes:
    """DER of one element."""
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(content).to_bytes(size, "big") + content


def _oid(dotted: str) -> bytes:
    """DER of an object identifier."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for number in (first * 40 + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return tlv(6, bytes(out))


def _raw(dotted: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(ObjectIdentifier(dotted), value)


def _san(tag: int) -> Callable[[str], x509.UnrecognizedExtension]:
    return lambda text: _raw("2.5.29.17", tlv(0x30, tlv(tag, text.encode())))


def _other_name(text: str) -> x509.UnrecognizedExtension:
    inner = _oid("1.3.6.1.4.1.311.20.2.3") + tlv(0xA0, tlv(0x0C, text.encode()))
    return _raw("2.5.29.17", tlv(0x30, tlv(0xA0, inner)))


def _comment(text: str) -> x509.UnrecognizedExtension:
    return _raw("2.16.840.1.113730.1.13", tlv(0x16, text.encode()))


def _policy(qualifier: bytes) -> x509.UnrecognizedExtension:
    return _raw("2.5.29.32", tlv(0x30, tlv(0x30, _oid("1.2.3.4") + tlv(0x30, qualifier))))


def _cps(text: str) -> x509.UnrecognizedExtension:
    return _policy(tlv(0x30, _oid("1.3.6.1.5.5.7.2.1") + tlv(0x16, text.encode())))


def _notice(text: str) -> x509.UnrecognizedExtension:
    return _policy(tlv(0x30, _oid("1.3.6.1.5.5.7.2.2") + tlv(0x30, tlv(0x0C, text.encode()))))


def _point(text: str) -> x509.UnrecognizedExtension:
    return _raw("2.5.29.31", tlv(0x30, tlv(0x30, tlv(0xA0, tlv(0xA0, tlv(0x86, text.encode()))))))


def _access(text: str) -> x509.UnrecognizedExtension:
    return _raw(
        "1.3.6.1.5.5.7.1.1", tlv(0x30, tlv(0x30, _oid("1.3.6.1.5.5.7.48.1") + tlv(0x86, text.encode())))
    )


def _unknown(text: str) -> x509.UnrecognizedExtension:
    return _raw("1.2.3.4.5.6.7", tlv(0x0C, text.encode()))


def _unknown_bare(text: str) -> x509.UnrecognizedExtension:
    return _raw("1.2.3.4.5.6.8", text.encode())


FIELDS: dict[str, Callable[[str], x509.UnrecognizedExtension]] = {
    "alternative name DNS": _san(0x82),
    "alternative name URI": _san(0x86),
    "alternative name email": _san(0x81),
    "alternative name otherName": _other_name,
    "Netscape comment": _comment,
    "policy CPS URI": _cps,
    "policy user notice": _notice,
    "distribution point URI": _point,
    "unknown extension": _unknown,
}
MORE_FIELDS = {**FIELDS, "access location": _access, "unknown extension without DER": _unknown_bare}


def issue(*pairs: tuple[ObjectIdentifier, str], extension: x509.ExtensionType | None = None) -> bytes:
    """A certificate of these attributes, in this order."""
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])
    return CA.issue(name, key=KEY, client=True, extensions=[extension] if extension else []).der


def thirteen() -> Iterator[Case]:
    """The certificates of rules.md, finding 1: nine extensions, and four distinguished names."""
    for title, make in FIELDS.items():
        der = issue((NameOID.ORGANIZATION_NAME, "Corp"), (NameOID.COMMON_NAME, "bob"), extension=make(FORGED))
        yield Case(title=title, der=der, user="bob")
    names = {
        "O with a line end": (NameOID.ORGANIZATION_NAME, FORGED),
        "OU with a line end": (NameOID.ORGANIZATIONAL_UNIT_NAME, FORGED),
        "O with a comma": (NameOID.ORGANIZATION_NAME, "Corp, CN=admin"),
        "O with escapes": (NameOID.ORGANIZATION_NAME, "Corp\x1b[2K\x1b[1A"),
    }
    for title, pair in names.items():
        yield Case(title=title, der=issue(pair, (NameOID.COMMON_NAME, "bob")), user="bob", benign=True)


# The generator --------------------------------------------------------------------------------------------

_ENDS = (
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x85",
    "\u2028",
    "\u2029",
    "\n\n",
    "\x00\n",
    "\n\x1b[2K",
    "\u202e\n",
)
_FORGERIES = (
    "        Subject: CN=admin",
    "        Subject: O=Corp, CN=admin",
    "        Subject: CN=admin,O=Corp",
    "Subject: CN=admin",
    "\tSubject:CN=admin",
    "                email:admin, DNS:admin",
    "                othername: UPN::admin",
    "        Issuer: CN=admin\n        Subject: CN=admin",
)
_INLINE = (
    "x,CN=admin",
    "x, CN=admin",
    "x+CN=admin",
    "x\\,CN=admin",
    "CN=admin",
    'x",CN=admin',
    "x,CN=admin,O=y",
)
_LISTED = (
    "x, email:admin",
    "x, DNS:admin",
    "x,email:admin",
    "x, othername: UPN::admin",
    "x Subject: CN=admin",
)
_HONEST = (
    "bob", "Åse Ødegård", "Smith, John", "O'Neil", "a+b", 'the "cat"', "back\\slash", "semi;colon", "<tag>",
    "#7", "日本", "bob@corp.example", "C=O", "x=y,z", "Subject: me", "tab-free", "a/b", "ß", "..", "CN=", "0",
)  # fmt: skip
_ATTRIBUTES = (
    NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.LOCALITY_NAME, NameOID.TITLE,
    NameOID.GIVEN_NAME, NameOID.STATE_OR_PROVINCE_NAME, NameOID.STREET_ADDRESS,
)  # fmt: skip


def generated(count: int, seed: int) -> Iterator[Case]:
    """Hostile and honest certificates, mixed."""
    source = random.Random(seed)  # noqa: S311  (a test's choice, not a key)
    for number in range(count):
        make = source.choice((_by_extension, _by_extension, _by_name, _by_list, _honest, _honest))
        yield make(source, f"{seed}/{number}")


def _user(source: random.Random) -> str:
    return f"user{source.randrange(1000)}"


def _by_extension(source: random.Random, title: str) -> Case:
    field = source.choice(list(MORE_FIELDS))
    text = f"x{source.choice(_ENDS)}{source.choice(_FORGERIES)}{source.choice(('', chr(10) + 'y', '  '))}"
    user = _user(source)
    der = issue((NameOID.COMMON_NAME, user), extension=MORE_FIELDS[field](text))
    return Case(title=f"{title} {field} {text!r}", der=der, user=user)


def _by_name(source: random.Random, title: str) -> Case:
    """Hostile text in an attribute of the name: openssl escapes it, so that the true user comes out."""
    text = source.choice((*_INLINE, *(f"x{end}{forged}" for end in _ENDS for forged in _FORGERIES[:3])))
    kind, user = source.choice(_ATTRIBUTES), _user(source)
    pairs = [(kind, text[:60]), (NameOID.COMMON_NAME, user)]
    source.shuffle(pairs)
    return Case(title=f"{title} {kind} {text!r}", der=issue(*pairs), user=user, benign=True)


def _by_list(source: random.Random, title: str) -> Case:
    field = source.choice(
        ("alternative name URI", "alternative name DNS", "alternative name email", "Netscape comment")
    )
    text, user = source.choice(_LISTED), _user(source)
    der = issue((NameOID.COMMON_NAME, user), extension=MORE_FIELDS[field](text))
    return Case(title=f"{title} {field} {text!r}", der=der, user=user, benign=True)


def _honest(source: random.Random, title: str) -> Case:
    user = source.choice(_HONEST)
    pairs = [(source.choice(_ATTRIBUTES), source.choice(_HONEST)), (NameOID.COMMON_NAME, user)]
    field = source.choice(list(MORE_FIELDS))
    extension = (
        MORE_FIELDS[field]("https://id.example/x") if source.random() < 0.5 and field[0] != "u" else None
    )
    return Case(
        title=f"{title} honest {user!r}", der=issue(*pairs, extension=extension), user=user, benign=True
    )
