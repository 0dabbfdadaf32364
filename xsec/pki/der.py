"""DER as tags, lengths and places: enough to tell what an object is before a library parses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

MAXIMUM_DEPTH = 32

INTEGER, BIT_STRING, OCTET_STRING, OID, ENUMERATED = 0x02, 0x03, 0x04, 0x06, 0x0A
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31
_CONSTRUCTED = 0x20


class NotDer(ValueError):
    """The octets are no DER element; `at` is the offset where that shows."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(f"{what} at octet {at}")
        self.what = what
        self.at = at


class Element(NamedTuple):
    """One element: its tag octet, where its header starts, where its content starts and ends."""

    tag: int
    start: int
    content: int
    end: int


def element(data: bytes, at: int, end: int) -> Element:
    """The element that starts at `at` and lies wholly before `end` (X.690, 8.1 and 10.1)."""
    if at + 2 > end:
        raise NotDer("the data ends within an element", at)
    tag, length, content = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise NotDer("a tag of several octets", at)
    if length == 0x80:
        raise NotDer("an indefinite length, which is BER and not DER,", at)
    if length > 0x80:
        octets = length & 0x7F
        if octets > 4 or content + octets > end:
            raise NotDer("a length that is not DER", at)
        length = int.from_bytes(data[content : content + octets], "big")
        content += octets
    if content + length > end:
        raise NotDer(f"an element of {length} octets is cut off after {end - content},", at)
    return Element(tag, at, content, content + length)


def elements(data: bytes, start: int, end: int) -> Iterator[Element]:
    """The elements side by side in `start`..`end`."""
    while start < end:
        found = element(data, start, end)
        yield found
        start = found.end


def children(data: bytes, parent: Element) -> tuple[Element, ...]:
    """What a constructed element holds; nothing for a primitive one."""
    return tuple(elements(data, parent.content, parent.end)) if parent.tag & _CONSTRUCTED else ()


def integer(data: bytes, found: Element, *, limit: int = 8) -> int:
    """The value of an INTEGER of at most `limit` octets; for a longer one, more than they can say."""
    value = data[found.content : found.end]
    return int.from_bytes(value, "big", signed=True) if len(value) <= limit else 1 << (8 * limit)


def octets(data: bytes, found: Element) -> bytes:
    """The element with its header, as it stands."""
    return bytes(data[found.start : found.end])


def content(data: bytes, found: Element) -> bytes:
    """The element without its header."""
    return bytes(data[found.content : found.end])


class Names(NamedTuple):
    """Issuer, subject and SubjectPublicKeyInfo of a certificate, as they stand."""

    issuer: bytes
    subject: bytes
    public_key: bytes


def names_of(certificate: bytes) -> Names:
    """The names and the key of a certificate, without parsing it: a long list stays quick (RFC 5280, 4.1)."""
    whole = element(certificate, 0, len(certificate))
    signed = children(certificate, whole)
    parts = children(certificate, signed[0]) if signed else ()
    if parts and parts[0].tag == 0xA0:
        parts = parts[1:]
    if len(parts) < 6:
        raise NotDer("no certificate", 0)
    return Names(octets(certificate, parts[2]), octets(certificate, parts[4]), octets(certificate, parts[5]))


def walk(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Every SEQUENCE with its children, also within OCTET STRINGs that hold DER themselves."""
    if depth > MAXIMUM_DEPTH:
        raise NotDer(f"nested deeper than {MAXIMUM_DEPTH} levels", start)
    for found in elements(data, start, end):
        if found.tag & _CONSTRUCTED:
            if found.tag == SEQUENCE:
                yield found, children(data, found)
            yield from walk(data, found.content, found.end, depth + 1)
        elif found.tag == OCTET_STRING and _holds_der(data, found):
            yield from walk(data, found.content, found.end, depth + 1)


def _holds_der(data: bytes, found: Element) -> bool:
    if found.end - found.content < 2 or data[found.content] != SEQUENCE:
        return False
    try:
        return element(data, found.content, found.end).end == found.end
    except NotDer:
        return False
