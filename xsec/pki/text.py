"""The text of a certificate that a user name pattern runs on: what `openssl x509 -text` prints, made safe.

Every field is one line whatever its value holds, so that exactly one line begins with `Subject:` (rules.md
NA-2).  A certificate whose text OpenSSL would print with other line ends, or with octets that hide text, is
named with the field and the trick, and is not fit for authentication.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from xsec.errors import InvalidValue
from xsec.pki import der, objects, textext
from xsec.pki.textvalue import Part, Value, rfc2253, safe

MAXIMUM_TEXT = 256 << 10
"""The subject of a pattern, in octets (rules.md, 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """A value that OpenSSL would print as something else than one line of its own field."""

    field: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a value of the certificate stands in the text: offsets in characters, end exclusive."""

    start: int
    end: int
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeText:
    """The text, the places of values in it, and why it may not be trusted.

    `names` are the places of the lines in RFC 2253 form, in which a backslash escapes.  `unlike` names
    fields that OpenSSL prints in a form not made here: no pattern matches them.
    """

    text: str
    values: tuple[Span, ...] = ()
    names: tuple[Span, ...] = ()
    tricks: tuple[Trick, ...] = ()
    unlike: tuple[str, ...] = ()


@dataclass(slots=True)
class _Page:
    lines: list[str] = field(default_factory=list)
    at: int = 0
    values: list[Span] = field(default_factory=list)
    names: list[Span] = field(default_factory=list)
    tricks: list[Trick] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)

    def line(self, indent: int, *parts: Part) -> None:
        text = " " * indent
        for part in parts:
            if isinstance(part, Value):
                start = self.at + len(text)
                self.values.append(Span(start=start, end=start + len(part.text), field=part.field))
                if part.trick:
                    self.tricks.append(Trick(field=part.field, what=part.trick))
            text += part.text if isinstance(part, Value) else part
        self.lines.append(text)
        self.at += len(text) + 1

    def name(self, indent: int, label: str, parts: list[Part]) -> None:
        start = self.at
        self.line(indent, f"{label}: ", *parts)
        self.names.append(Span(start=start, end=self.at - 1, field=label))

    def done(self) -> SafeText:
        return SafeText(
            text="\n".join(self.lines) + "\n",
            values=tuple(self.values),
            names=tuple(self.names),
            tricks=tuple(self.tricks),
            unlike=tuple(self.unlike),
        )


def render(certificate: bytes) -> SafeText:
    """The text of a DER certificate as `openssl x509 -text -nameopt RFC2253 -noout` of OpenSSL 3.0 prints it.

    `InvalidValue` for octets that are no certificate, with the place.
    """
    try:
        page = _certificate(certificate)
    except der.NotDer as error:
        raise InvalidValue(f"no certificate: {error.what}", where=f"octet {error.at}") from None
    except (IndexError, KeyError, ValueError):
        raise InvalidValue("no certificate: a field is missing", where="octet 0") from None
    text = page.done()
    if len(text.text) > MAXIMUM_TEXT:
        raise InvalidValue(
            f"the certificate's text has {len(text.text)} characters", allowed=f"at most {MAXIMUM_TEXT}"
        )
    return text


def _certificate(data: bytes) -> _Page:
    whole = der.element(data, 0, len(data))
    signed, algorithm, signature = der.children(data, whole)
    parts = list(der.children(data, signed))
    page = _Page()
    page.line(0, "Certificate:")
    page.line(4, "Data:")
    version = 0
    if parts[0].tag == 0xA0:
        version = der.integer(data, der.children(data, parts.pop(0))[0])
    known = f"{version + 1} (0x{version:x})" if 0 <= version <= 2 else f"Unknown ({version})"
    page.line(8, f"Version: {known}")
    serial, inner, issuer, validity, subject, key = parts[:6]
    _serial(page, der.content(data, serial))
    page.line(8, f"Signature Algorithm: {_algorithm(data, inner)}")
    page.name(8, "Issuer", rfc2253("Issuer", data, issuer))
    page.line(8, "Validity")
    for label, time in zip(("Not Before", "Not After "), der.children(data, validity), strict=True):
        page.line(12, f"{label}: {textext.moment(der.content(data, time), short=time.tag == der.UTC_TIME)}")
    page.name(8, "Subject", rfc2253("Subject", data, subject))
    page.line(8, "Subject Public Key Info:")
    _key(page, data, key)
    _rest(page, data, parts[6:])
    page.line(4, f"Signature Algorithm: {_algorithm(data, algorithm)}")
    if objects.dotted(der.content(data, der.children(data, algorithm)[0])) == "1.2.840.113549.1.1.10":
        page.unlike.append("signature parameters")
    page.line(4, "Signature Value:")
    _dump(page, der.content(data, signature)[1:], 8, 18)
    return page


def _algorithm(data: bytes, found: der.Element) -> str:
    return objects.long(objects.dotted(der.content(data, der.children(data, found)[0])))


def _serial(page: _Page, content: bytes) -> None:
    value = int.from_bytes(content, "big", signed=True)
    sign = "-" if value < 0 else ""
    magnitude = abs(value)
    if magnitude < 1 << 63 and value != -1:
        page.line(8, f"Serial Number: {sign}{magnitude} ({sign}0x{magnitude:x})")
        return
    page.line(8, "Serial Number:")
    octets = magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "big")
    page.line(12, f"{' (Negative)' if sign else ''}{octets.hex(':')}")


def _dump(page: _Page, data: bytes, indent: int, width: int) -> None:
    rows = [data[at : at + width].hex(":") for at in range(0, len(data), width)]
    for number, row in enumerate(rows):
        page.line(indent, row + (":" if number < len(rows) - 1 else ""))


# The public key -------------------------------------------------------------------------------------------

_CURVES = {
    "1.2.840.10045.3.1.7": (256, "P-256"),
    "1.3.132.0.34": (384, "P-384"),
    "1.3.132.0.35": (521, "P-521"),
    "1.3.132.0.10": (256, ""),
    "1.3.36.3.3.2.8.1.1.7": (256, ""),
    "1.3.36.3.3.2.8.1.1.11": (384, ""),
    "1.3.36.3.3.2.8.1.1.13": (512, ""),
}
_EDWARDS = ("1.3.101.110", "1.3.101.111", "1.3.101.112", "1.3.101.113")


def _key(page: _Page, data: bytes, key: der.Element) -> None:
    algorithm, bits = der.children(data, key)
    parts = der.children(data, algorithm)
    oid = objects.dotted(der.content(data, parts[0]))
    page.line(12, f"Public Key Algorithm: {objects.long(oid)}")
    octets = der.content(data, bits)[1:]
    curve = ""
    if len(parts) > 1 and parts[1].tag == der.OID:
        curve = objects.dotted(der.content(data, parts[1]))
    if oid == "1.2.840.113549.1.1.1":
        _rsa(page, octets)
    elif oid == "1.2.840.10045.2.1" and curve in _CURVES:
        size, nist = _CURVES[curve]
        page.line(16, f"Public-Key: ({size} bit)")
        page.line(16, "pub:")
        _dump(page, octets, 20, 15)
        page.line(16, f"ASN1 OID: {objects.short(curve)}")
        if nist:
            page.line(16, f"NIST CURVE: {nist}")
    elif oid in _EDWARDS:
        page.line(16, f"{objects.long(oid)} Public-Key:")
        page.line(16, "pub:")
        _dump(page, octets, 20, 15)
    else:
        page.line(16, f"({len(octets)} octets, not shown)")
        page.unlike.append("public key")


def _rsa(page: _Page, octets: bytes) -> None:
    modulus, exponent = der.children(octets, der.element(octets, 0, len(octets)))
    number = int.from_bytes(der.content(octets, modulus), "big")
    page.line(16, f"Public-Key: ({number.bit_length()} bit)")
    _number(page, "Modulus:", number)
    _number(page, "Exponent:", int.from_bytes(der.content(octets, exponent), "big"))


def _number(page: _Page, label: str, number: int) -> None:
    if number < 1 << 64:
        page.line(16, f"{label} {number} (0x{number:x})")
        return
    page.line(16, label)
    _dump(page, number.to_bytes(number.bit_length() // 8 + 1, "big"), 20, 15)


# What may follow the key ----------------------------------------------------------------------------------


def _rest(page: _Page, data: bytes, parts: list[der.Element]) -> None:
    for part in parts:
        if part.tag in (0x81, 0x82):
            page.line(8, f"{'Issuer' if part.tag == 0x81 else 'Subject'} Unique ID:")
            _dump(page, der.content(data, part)[1:], 12, 18)
        elif part.tag == 0xA3:
            page.line(8, "X509v3 extensions:")
            for extension in der.children(data, der.children(data, part)[0]):
                _extension(page, data, extension)


def _extension(page: _Page, data: bytes, extension: der.Element) -> None:
    parts = der.children(data, extension)
    oid = objects.dotted(der.content(data, parts[0]))
    critical = len(parts) > 2 and data[parts[1].content] != 0
    page.line(12, f"{objects.long(oid)}: {'critical' if critical else ''}")
    rows, alike = textext.rows(oid, der.content(data, parts[-1]))
    if not alike:
        page.unlike.append(objects.long(oid))
    for indent, row in rows:
        page.line(textext.INDENT + indent, *row)
    if not rows:
        page.line(0)


# Text that the operator brings (CC-4) ---------------------------------------------------------------------

_SUBJECT = re.compile(r"[ \t]*Subject:")
_NAME_LINE = re.compile(r"[ \t]*(Subject|Issuer): ?(.*)")


def plain(data: bytes, where: str = "") -> SafeText:
    """The text of a certificate as somebody pasted it: good for trying a pattern, and for nothing else.

    `InvalidValue` when it holds no `Subject:` line or several, since then one of them is forged.
    """
    if len(data) > MAXIMUM_TEXT:
        raise InvalidValue(f"the text has {len(data)} octets", where=where, allowed=f"at most {MAXIMUM_TEXT}")
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InvalidValue("the text is not UTF-8", where=f"{where}: octet {error.start}") from None
    page = _Page()
    numbers = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        shown = safe(f"line {number}", line.replace("\t", "    "))
        if shown.trick:
            page.tricks.append(Trick(field=shown.field, what=shown.trick))
        if _SUBJECT.match(shown.text):
            numbers.append(number)
        found = _NAME_LINE.fullmatch(shown.text)
        if found:
            _pasted_name(page, shown.text, found)
        else:
            page.line(0, shown.text)
    if len(numbers) != 1:
        lines = ", ".join(map(str, numbers))
        what = (
            f"{len(numbers)} lines begin with Subject: ({lines})"
            if numbers
            else "no line begins with Subject:"
        )
        raise InvalidValue(
            what,
            where=where,
            allowed="exactly one",
            remedy="openssl x509 -text -nameopt RFC2253 -noout -in FILE",
        )
    return page.done()


_ATTRIBUTE = re.compile(r"([A-Za-z0-9.-]+)=((?:[^\\,+]|\\.)*)([,+]?)")


def _pasted_name(page: _Page, line: str, found: re.Match[str]) -> None:
    """Add a line in RFC 2253 form, with the places of its values."""
    start = page.at
    at = found.start(2)
    while at < len(line) and (attribute := _ATTRIBUTE.match(line, at)):
        where = f"{found[1]} {attribute[1]}"
        page.values.append(Span(start=start + attribute.start(2), end=start + attribute.end(2), field=where))
        at = attribute.end()
    page.line(0, line)
    page.names.append(Span(start=start, end=page.at - 1, field=found[1]))
