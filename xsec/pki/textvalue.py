"""Values of a certificate as OpenSSL prints them, made safe: names, general names, strings (NA-2).

OpenSSL escapes what stands in a distinguished name, and copies nearly everything else to its text as it
is.  Here a value never ends a line, and each value that would have done so carries a trick.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from xsec.pki import der, objects

UTF8, NUMERIC, PRINTABLE, T61, IA5, VISIBLE, UNIVERSAL, BMP = 12, 18, 19, 20, 22, 26, 28, 30
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# The width of a character by tag, as OpenSSL's tag2nbyte: 0 is UTF-8; a tag that is missing is dumped.
_WIDTHS = {UTF8: 0, NUMERIC: 1, PRINTABLE: 1, T61: 1, IA5: 1, 23: 1, 24: 1, VISIBLE: 1, UNIVERSAL: 4, BMP: 2}
_DIRECTORY = 0xA4


class Value(NamedTuple):
    """A value from the certificate, safe to put on a line, and what OpenSSL's text would do with it."""

    field: str
    text: str
    trick: str = ""


Part = str | Value
"""A label of ours or a value of the certificate's."""


class Unprintable(ValueError):
    """OpenSSL cannot print the field this way and dumps its octets."""


def is_unsafe(character: str) -> bool:
    """Whether a character could end a line, hide text or turn its direction."""
    return unicodedata.category(character) in _UNSAFE


def _what(character: str) -> str:
    if character == "\0":
        return "a NUL character"
    if character in "\n\r\x0b\x0c\x85\u2028\u2029":
        return "a line separator"
    if unicodedata.bidirectional(character) in (
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "PDF",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
    ):
        return "a bidirectional control"
    return (
        "a control character" if unicodedata.category(character) == "Cc" else "a character that is not shown"
    )


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def safe(field: str, text: str) -> Value:
    """Text with each unsafe character escaped; the first of them is the trick."""
    first = next((character for character in text if is_unsafe(character)), "")
    if not first:
        return Value(field, text)
    shown = "".join(_escaped(c) if is_unsafe(c) else c for c in text)
    return Value(field, shown, f"{_what(first)} ({_escaped(first)})")


def raw(field: str, data: bytes) -> Value:
    """A value that OpenSSL copies to its text octet for octet."""
    try:
        return safe(field, data.decode("utf-8"))
    except UnicodeDecodeError:
        shown = safe(field, data.decode("ascii", "backslashreplace"))
        return Value(field, shown.text, shown.trick or "octets that are no text")


def listed(field: str, data: bytes) -> Value:
    """A general name in a list: OpenSSL gives the list up when a value holds NUL."""
    if 0 in data:
        raise Unprintable(field)
    return raw(field, data)


def dotted(field: str, data: bytes) -> Value:
    """As ASN1_STRING_print: octets that are no printable ASCII become dots, but for LF and CR."""
    text = "".join(chr(octet) if 0x20 <= octet <= 0x7E or octet in b"\n\r" else "." for octet in data)
    return safe(field, text)


# Octets that OpenSSL has no form for ----------------------------------------------------------------------

_LABEL = re.compile(r"[A-Za-z]{2,}[ \t]*[:=]|[A-Za-z0-9_]@[A-Za-z0-9_]")


def dumped(field: str, data: bytes) -> Value:
    """An extension without a printer.

    Its lengths and numbers may hold octets 0a and 0d by chance (the security identifier in Active Directory
    certificates always does), so that a line end alone is no trick: one in a string is, and one after
    which something like a field or a mailbox follows.
    """
    value = dotted(field, data)
    if not value.trick:
        return value
    pieces = re.split(r"[\n\r]", data.decode("latin-1"))[1:]
    forged = any(_LABEL.search(piece) for piece in pieces)
    return value if forged or _text_breaks(data) else Value(field, value.text)


def _text_breaks(data: bytes) -> bool:
    """Whether a character string within the octets holds a control, or the octets are no DER at all."""
    try:
        return any(
            octet < 0x20 or octet == 0x7F
            for found in _leaves(data, 0, len(data), 0)
            if found.tag in _WIDTHS and _WIDTHS[found.tag] <= 1
            for octet in data[found.content : found.end]
        )
    except der.NotDer:
        return True


def _leaves(data: bytes, start: int, end: int, depth: int) -> Iterator[der.Element]:
    if depth > der.MAXIMUM_DEPTH:
        raise der.NotDer("nested too deep", start)
    for found in der.elements(data, start, end):
        if found.tag & 0x20:
            yield from _leaves(data, found.content, found.end, depth + 1)
        else:
            yield found


# Distinguished names --------------------------------------------------------------------------------------

_BACKSLASHED = frozenset('"+,;<>')


def _characters(tag: int, data: bytes) -> Iterator[int]:
    """The characters as OpenSSL hands them to its escaper: octets of UTF-8."""
    width = _WIDTHS[tag]
    if width == 0:
        data.decode("utf-8")
        yield from data
        return
    if len(data) % width:
        raise ValueError("a character is cut off")
    for at in range(0, len(data), width):
        code = int.from_bytes(data[at : at + width], "big")
        yield from chr(code).encode("utf-8") if not 0xD800 <= code < 0xE000 else b"?"


def attribute_value(field: str, data: bytes, found: der.Element, *, quote: bool = False) -> Value:
    """The value of one attribute as RFC 2253 writes it, in ASCII; `quote` is OpenSSL's one-line form."""
    if found.tag not in _WIDTHS:
        return Value(field, "#" + der.octets(data, found).hex().upper())
    try:
        octets = list(_characters(found.tag, der.content(data, found)))
    except (ValueError, OverflowError):
        octets = list(der.content(data, found))
        text = "".join(_escape_octet(o, first=False, last=False, quote=False)[0] for o in octets)
        return Value(field, text, "octets that are no text")
    out, quoted = [], False
    for at, octet in enumerate(octets):
        piece, wants = _escape_octet(octet, first=at == 0, last=at == len(octets) - 1, quote=quote)
        quoted |= wants
        out.append(piece)
    text = "".join(out)
    return Value(field, f'"{text}"' if quoted else text)


def _escape_octet(octet: int, *, first: bool, last: bool, quote: bool) -> tuple[str, bool]:
    character = chr(octet)
    if octet > 0x7E or octet < 0x20:
        return f"\\{octet:02X}", False
    special = character in _BACKSLASHED or (first and character in "# ") or (last and character == " ")
    if quote and special and character != '"':
        return character, True
    return (f"\\{character}", False) if special or character == "\\" else (character, False)


def _attributes(data: bytes, name: der.Element) -> list[list[tuple[str, der.Element]]]:
    """Type and value of each attribute, by relative distinguished name."""
    found = []
    for rdn in der.children(data, name):
        pairs = []
        for attribute in der.children(data, rdn):
            parts = der.children(data, attribute)
            if len(parts) != 2 or parts[0].tag != der.OID:
                raise der.NotDer("no attribute of a name", attribute.start)
            pairs.append((objects.dotted(der.content(data, parts[0])), parts[1]))
        found.append(pairs)
    return found


def rfc2253(field: str, data: bytes, name: der.Element) -> list[Part]:
    """A name as `-nameopt RFC2253` prints it: last first, no blank after the comma."""
    parts: list[Part] = []
    for rdn in reversed(_attributes(data, name)):
        for number, (oid, value) in enumerate(reversed(rdn)):
            between = "" if not parts else "+" if number else ","
            short = objects.short(oid)
            parts.append(f"{between}{short}=")
            where = f"{field} {short}"
            unknown = Value(where, "#" + der.octets(data, value).hex().upper())
            parts.append(attribute_value(where, data, value) if objects.known(oid) else unknown)
    return parts


def one_line(field: str, data: bytes, name: der.Element) -> list[Part]:
    """A name as OpenSSL prints it within distribution points: in order, quoted where needed."""
    parts: list[Part] = []
    for rdn in _attributes(data, name):
        for number, (oid, value) in enumerate(rdn):
            between = "" if not parts else " + " if number else ", "
            parts.append(f"{between}{objects.short(oid)} = ")
            parts.append(attribute_value(f"{field} {objects.short(oid)}", data, value, quote=True))
    return parts


def slashed(field: str, data: bytes, name: der.Element) -> list[Part]:
    """A name within alternative names: `/C=NO/CN=bob`, cut by OpenSSL's buffer of 256 octets."""
    parts: list[Part] = []
    room = 255
    for rdn in _attributes(data, name):
        for number, (oid, value) in enumerate(rdn):
            label = f"{'+' if number else '/'}{objects.short(oid)}="
            octets = der.content(data, value)
            if value.tag in (UNIVERSAL, BMP):
                octets = octets.decode(
                    "utf-32-be" if value.tag == UNIVERSAL else "utf-16-be", "replace"
                ).encode()
            text = "".join(chr(o) if 0x20 <= o <= 0x7E else f"\\x{o:02X}" for o in octets)
            text = text.replace("/", "\\/").replace("+", "\\+")  # as OpenSSL 3.0.19 does
            if len(label) + len(text) > room:
                return parts
            room -= len(label) + len(text)
            parts += [label, Value(f"{field} {objects.short(oid)}", text)]
    return parts


# General names (RFC 5280, 4.2.1.6) ------------------------------------------------------------------------

_OTHER = {
    "1.3.6.1.5.5.7.8.9": ("SmtpUTF8Mailbox", (UTF8,)),
    "1.3.6.1.5.5.7.8.5": ("XmppAddr", (UTF8,)),
    "1.3.6.1.5.5.7.8.7": ("SRVName", (IA5,)),
    "1.3.6.1.4.1.311.20.2.3": ("UPN", (UTF8,)),
    "1.3.6.1.5.5.7.8.8": ("NAIRealm", (UTF8,)),
}
_STRINGS = {0x81: "email", 0x82: "DNS", 0x86: "URI"}


def _other_name(field: str, data: bytes, found: der.Element, *, listing: bool) -> list[Part]:
    parts = der.children(data, found)
    if len(parts) != 2 or parts[1].tag != 0xA0 or len(inner := der.children(data, parts[1])) != 1:
        raise Unprintable(field)
    oid = objects.dotted(der.content(data, parts[0]))
    label, tags = _OTHER.get(oid, (objects.long(oid), (IA5, UTF8)))
    extra = ":" if listing else ""
    where, value = f"{field} othername {label}", inner[0]
    if value.tag not in tags:
        # OpenSSL says that a known form with another string type is not supported, and names no type
        known = oid in _OTHER
        return ["othername: ", *([] if known and listing else [f"{label}:"]), extra, "<unsupported>"]
    text = der.content(data, value)
    shown = listed(where, text) if listing else raw(where, text)
    return [f"othername: {label}:{extra}", shown]


def address(data: bytes) -> str:
    """An IP address as OpenSSL writes it: IPv6 in eight groups without compression."""
    if len(data) == 4:
        return ".".join(map(str, data))
    if len(data) == 16:
        return ":".join(f"{int.from_bytes(data[at : at + 2], 'big'):X}" for at in range(0, 16, 2))
    return "<invalid>"


def general_name(field: str, data: bytes, found: der.Element, *, listing: bool) -> list[Part]:
    """One general name; `listing` is the form of alternative names, else that of distribution points."""
    tag, octets = found.tag, der.content(data, found)
    if tag in _STRINGS:
        where = f"{field} {_STRINGS[tag]}"
        return [f"{_STRINGS[tag]}:", listed(where, octets) if listing else dotted(where, octets)]
    if tag == 0xA0:
        return _other_name(field, data, found, listing=listing)
    if tag == _DIRECTORY:
        names = der.children(data, found)
        if len(names) != 1:
            raise Unprintable(field)
        form = slashed if listing else one_line
        return ["DirName:", *form(f"{field} DirName", data, names[0])]
    if tag == 0x87:
        return ["IP Address:", address(octets)]
    if tag == 0x88:
        return ["Registered ID:", objects.long(objects.dotted(octets))]
    if tag in (0xA3, 0xA5):
        return [("X400Name:" if tag == 0xA3 else "EdiPartyName:") + "<unsupported>"]
    raise Unprintable(field)
