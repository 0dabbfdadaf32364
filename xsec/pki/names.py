"""Names in comparable form: distinguished names by RFC 5280, 7.1, and general names as they are encoded."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from xsec.pki import der as structure
from xsec.pki.der import NotDer

OTHER, EMAIL, DNS, X400, DIRECTORY, EDI_PARTY, URI, IP, REGISTERED = range(9)
"""The choices of GeneralName (RFC 5280, 4.2.1.6)."""

KINDS = (
    "otherName",
    "email",
    "dns",
    "x400Address",
    "directoryName",
    "ediPartyName",
    "uri",
    "ip",
    "registeredID",
)

EMAIL_ADDRESS = bytes.fromhex("2a864886f70d010901")
COMMON_NAME = bytes.fromhex("550403")

_CONTEXT, _CONSTRUCTED = 0x80, 0x20
_ENCODINGS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "latin-1",  # PrintableString: real certificates hold `@` and `*` in it
    0x14: "latin-1",  # TeletexString: in practice Latin-1, as OpenSSL reads it
    0x16: "latin-1",
    0x1A: "latin-1",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}

Attribute = tuple[bytes, object]
Name = tuple[frozenset[Attribute], ...]
"""A distinguished name whose equality is that of RFC 5280, 7.1: a set of attributes for each RDN."""


@lru_cache(maxsize=8192)
def normal(name: bytes) -> Name:
    """The name of an encoded Name; two names are the same when these are equal.

    Texts compare without regard to string type, case and runs of white space.  Characters that RFC 4518
    maps to nothing are kept: a name with a hidden character is another name.  `NotDer` for no Name.
    """
    whole = structure.element(name, 0, len(name))
    if whole.tag != structure.SEQUENCE or whole.end != len(name):
        raise NotDer("no name", 0)
    return tuple(relative(name, rdn) for rdn in structure.children(name, whole))


def relative(data: bytes, rdn: structure.Element) -> frozenset[Attribute]:
    """One relative distinguished name: the set of its attributes, normalised."""
    if rdn.tag != structure.SET:
        raise NotDer("no relative distinguished name", rdn.start)
    found = frozenset(_attribute(data, item) for item in structure.children(data, rdn))
    if not found:
        raise NotDer("an empty relative distinguished name", rdn.start)
    return found


def _attribute(data: bytes, item: structure.Element) -> Attribute:
    parts = structure.children(data, item)
    if len(parts) != 2 or parts[0].tag != structure.OID:
        raise NotDer("no attribute", item.start)
    kind = structure.content(data, parts[0])
    value = text(parts[1].tag, structure.content(data, parts[1]))
    return kind, structure.octets(data, parts[1]) if value is None else _folded(value)


def text(tag: int, value: bytes) -> str | None:
    """The characters of a string type; None for another type and for octets that are none of its kind."""
    encoding = _ENCODINGS.get(tag)
    try:
        return None if encoding is None else value.decode(encoding)
    except UnicodeDecodeError:
        return None


def _folded(value: str) -> str:
    if not value.isascii():
        value = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(value.casefold().split())


def texts(name: bytes, kind: bytes) -> tuple[str, ...]:
    """The values of one attribute type in a name, as they stand; undecodable ones are left out."""
    found = []
    for rdn in structure.children(name, structure.element(name, 0, len(name))):
        for item in structure.children(name, rdn):
            parts = structure.children(name, item)
            if len(parts) == 2 and structure.content(name, parts[0]) == kind:
                value = text(parts[1].tag, structure.content(name, parts[1]))
                found += [] if value is None else [value]
    return tuple(found)


class GeneralName(NamedTuple):
    """A general name: which choice, and its content as encoded; of a directoryName the whole Name."""

    kind: int
    value: bytes

    @property
    def text(self) -> str:
        """The content of a text form, or hex."""
        if self.kind in (DNS, EMAIL, URI):
            return self.value.decode("latin-1")
        return shown_address(self.value) if self.kind == IP else self.value.hex()

    def __str__(self) -> str:
        return f"{KINDS[self.kind]}:{self.text}"


def shown_address(value: bytes) -> str:
    """An address, or address and mask, in the usual notation."""
    if len(value) in (4, 8):
        parts = [".".join(str(octet) for octet in value[at : at + 4]) for at in range(0, len(value), 4)]
    elif len(value) in (16, 32):
        parts = [value[at : at + 16].hex(":", 2) for at in range(0, len(value), 16)]
    else:
        return value.hex()
    return "/".join(parts)


def general(data: bytes, item: structure.Element) -> GeneralName:
    """One general name; `NotDer` when its content is not of its kind."""
    kind = item.tag & 0x1F
    constructed = bool(item.tag & _CONSTRUCTED)
    if (
        item.tag & 0xC0 != _CONTEXT
        or kind > REGISTERED
        or constructed != (kind in (OTHER, X400, DIRECTORY, EDI_PARTY))
    ):
        raise NotDer("no general name", item.start)
    value = structure.content(data, item)
    if kind in (DNS, EMAIL, URI) and not value.isascii():
        raise NotDer(f"a {KINDS[kind]} name that is not ASCII", item.start)
    if kind == DIRECTORY:
        normal(value)
    return GeneralName(kind, value)


def generals(data: bytes, parent: structure.Element) -> tuple[GeneralName, ...]:
    """The general names that an element holds, at least one (RFC 5280, 4.2.1.6)."""
    found = tuple(general(data, item) for item in structure.children(data, parent))
    if not found:
        raise NotDer("no general name in a list of them", parent.start)
    return found


def same(left: GeneralName, right: GeneralName) -> bool:
    """Whether two general names name the same thing: directory names by 7.1, DNS and hosts without case."""
    if left.kind != right.kind:
        return False
    if left.kind == DIRECTORY:
        return normal(left.value) == normal(right.value)
    if left.kind == DNS:
        return left.value.lower() == right.value.lower()
    return left.value == right.value
