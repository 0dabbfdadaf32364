"""Extensions of a certificate, each as the lines that OpenSSL prints for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from xsec.pki import der, objects
from xsec.pki.textvalue import (
    BMP,
    IA5,
    UTF8,
    VISIBLE,
    Part,
    Unprintable,
    Value,
    address,
    dumped,
    general_name,
    one_line,
    raw,
)

Row = tuple[int, list[Part]]
"""A line: how far it is set in below the extension, and its parts."""

INDENT = 16
"""How far an extension's value is set in."""
_BLANK: Row = (-INDENT, [])

_USAGES = (
    "Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement",
    "Certificate Sign", "CRL Sign", "Encipher Only", "Decipher Only",
)  # fmt: skip
_NETSCAPE = (
    "SSL Client", "SSL Server", "S/MIME", "Object Signing", "Unused", "SSL CA", "S/MIME CA",
    "Object Signing CA",
)  # fmt: skip
_REASONS = (
    "Unused", "Key Compromise", "CA Compromise", "Affiliation Changed", "Superseded",
    "Cessation Of Operation", "Certificate Hold", "Privilege Withdrawn", "AA Compromise",
)  # fmt: skip
_FEATURES = {5: "status_request", 17: "status_request_v2"}


def rows(oid: str, data: bytes) -> tuple[list[Row], bool]:
    """The lines of an extension's value, and whether they are what OpenSSL prints.

    An extension without a printer, or with a value that its printer cannot read, is shown as OpenSSL does:
    its octets in one line.  One that OpenSSL prints in a form that is not made here is named and not shown.
    """
    field = objects.long(oid)
    printer = _PRINTERS.get(oid)
    value = dumped(field, data)
    if oid in _NOT_MADE:
        shown = f"({len(data)} octets, not shown)"
        return [(0, [Value(field, shown, value.trick)])], False
    if printer is None:
        return [(0, [value])], True
    try:
        return list(printer(field, data, _whole(data))), True
    except (ValueError, IndexError, KeyError):
        # OpenSSL may read more than DER here, and print more than its octets
        return [(0, [Value(field, value.text, value.trick or "a value that is malformed")])], True


def _whole(data: bytes) -> der.Element:
    found = der.element(data, 0, len(data))
    if found.end != len(data):
        raise der.NotDer("octets after the element", found.end)
    return found


def hexadecimal(data: bytes) -> str:
    """Octets as OpenSSL writes identifiers."""
    return data.hex(":").upper()


def _list(items: list[list[Part]]) -> Iterator[Row]:
    """A list on one line; OpenSSL ends the line of an empty one twice."""
    yield 0, _joined(items)
    if not items:
        yield _BLANK


def _joined(items: list[list[Part]]) -> list[Part]:
    if not items:
        return ["<EMPTY>"]
    line = list(items[0])
    for item in items[1:]:
        line += [", ", *item]
    return line


def _bits(data: bytes, found: der.Element, names: tuple[str, ...]) -> list[list[Part]]:
    content = der.content(data, found)
    if found.tag not in (der.BIT_STRING, 0x81, 0x83) or not content or content[0] > 7:
        raise Unprintable("bits")
    return [
        [name]
        for at, name in enumerate(names)
        if at // 8 + 1 < len(content) and content[at // 8 + 1] & (0x80 >> at % 8)
    ]


def _key_usage(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    yield from _list(_bits(data, whole, _USAGES))


def _netscape_type(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    yield from _list(_bits(data, whole, _NETSCAPE))


def _constraints(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    parts = list(der.children(data, whole))
    _sequence(whole)
    ca = bool(parts) and parts[0].tag == 1 and data[parts[0].content] != 0
    if parts and parts[0].tag == 1:
        parts = parts[1:]
    line: list[Part] = [f"CA:{'TRUE' if ca else 'FALSE'}"]
    if parts:
        line.append(f", pathlen:{_number(data, parts[0])}")
    yield 0, line


def _sequence(found: der.Element) -> None:
    if found.tag != der.SEQUENCE:
        raise Unprintable("no sequence")


def _number(data: bytes, found: der.Element) -> str:
    """An INTEGER: OpenSSL writes one of 128 bits or more in hexadecimal."""
    content = der.content(data, found)
    if found.tag & 0x1F not in (der.INTEGER, 0, 1) or not content:
        raise Unprintable("no number")
    value = int.from_bytes(content, "big", signed=True)
    if abs(value).bit_length() < 128:
        return str(value)
    digits = f"{abs(value):X}"
    return ("-" if value < 0 else "") + "0x" + "0" * (len(digits) % 2) + digits


def _usages(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    yield from _list([[_oid(data, item)] for item in der.children(data, whole)])


def _oid(data: bytes, found: der.Element) -> str:
    if found.tag != der.OID:
        raise Unprintable("no object identifier")
    return objects.long(objects.dotted(der.content(data, found)))


def _subject_key(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    if whole.tag != der.OCTET_STRING:
        raise Unprintable(field)
    yield 0, [hexadecimal(der.content(data, whole))]


def _authority_key(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    parts = {item.tag: item for item in der.children(data, whole)}
    alone = not {0xA1, 0x82} & parts.keys()
    if 0x80 in parts:
        yield 0, ["" if alone else "keyid:", hexadecimal(der.content(data, parts[0x80]))]
    if 0xA1 in parts:
        for name in der.children(data, parts[0xA1]):
            yield 0, general_name(field, data, name, listing=True)
    if 0x82 in parts:
        yield 0, ["serial:", hexadecimal(der.content(data, parts[0x82]).lstrip(b"\0") or b"\0")]
    if not parts:
        yield from _list([])


def _names(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    names = [general_name(field, data, name, listing=True) for name in der.children(data, whole)]
    yield from _list(names)


def _access(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    for item in der.children(data, whole):
        method, location = der.children(data, item)
        yield 0, [f"{_oid(data, method)} - ", *general_name(field, data, location, listing=True)]


def _points(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    """Distribution points; OpenSSL ends the line after reasons and relative names, and only there."""
    _sequence(whole)
    lines: list[Row] = []
    ended = True
    for number, point in enumerate(der.children(data, whole)):
        if number and ended:
            lines.append(_BLANK)
        ended = False
        for part in der.children(data, point):
            if part.tag == 0xA0:
                name = der.children(data, part)[0]
                lines += _point_name(field, data, name)
                ended = name.tag != 0xA0
                continue
            label = "Reasons:" if part.tag == 0x81 else "CRL Issuer:"
            if lines and not ended and lines[-1] is not _BLANK:
                lines[-1][1].append(" " * INDENT + label)
            else:
                lines.append((0, [label]))
            ended = part.tag == 0x81
            if ended:
                lines.append((2, _joined(_bits(data, part, _REASONS))))
            else:
                lines += [(2, general_name(field, data, n, listing=False)) for n in der.children(data, part)]
    yield from [*lines, _BLANK] if ended else lines


def _point_name(field: str, data: bytes, name: der.Element) -> Iterator[Row]:
    if name.tag == 0xA0:
        yield 0, ["Full Name:"]
        for item in der.children(data, name):
            yield 2, general_name(field, data, item, listing=False)
        return
    yield 0, ["Relative Name:"]
    # a relative name is one SET of attributes: read it as a name that holds only this SET
    inner = der.octets(data, name)
    length = len(inner) - (name.content - name.start)
    as_set = bytes([der.SET]) + inner[1:]
    header = bytes([der.SEQUENCE]) + (
        bytes([len(as_set)]) if len(as_set) < 128 else b"\x82" + len(as_set).to_bytes(2, "big")
    )
    if length <= 0:
        raise Unprintable(field)
    wrapped = header + as_set
    yield 2, one_line(field, wrapped, der.element(wrapped, 0, len(wrapped)))


def _policies(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    for policy in der.children(data, whole):
        parts = der.children(data, policy)
        yield 0, [f"Policy: {_oid(data, parts[0])}"]
        for qualifier in der.children(data, parts[1]) if len(parts) > 1 else ():
            kind, value = der.children(data, qualifier)
            oid = objects.dotted(der.content(data, kind))
            if oid == "1.3.6.1.5.5.7.2.1":
                yield 2, ["CPS: ", raw(f"{field} CPS", der.content(data, value))]
            elif oid == "1.3.6.1.5.5.7.2.2":
                yield 2, ["User Notice:"]
                yield from _notice(field, data, value)
            else:
                yield 4, [f"Unknown Qualifier: {objects.long(oid)}"]


def _notice(field: str, data: bytes, notice: der.Element) -> Iterator[Row]:
    for part in der.children(data, notice):
        if part.tag == der.SEQUENCE:
            organization, numbers = der.children(data, part)
            yield 4, ["Organization: ", raw(f"{field} organization", der.content(data, organization))]
            given = [_number(data, item) for item in der.children(data, numbers)]
            yield 4, [f"Number{'s' if len(given) > 1 else ''}: {', '.join(given)}"]
        elif part.tag in (UTF8, IA5, VISIBLE, BMP):
            yield 4, ["Explicit Text: ", raw(f"{field} explicit text", der.content(data, part))]


def _mappings(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    pairs: list[list[Part]] = []
    for item in der.children(data, whole):
        left, right = der.children(data, item)
        pairs.append([f"{_oid(data, left)}:{_oid(data, right)}"])
    yield from _list(pairs)


def _policy_constraints(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    names = {0x80: "Require Explicit Policy", 0x81: "Inhibit Policy Mapping"}
    yield from _list([[f"{names[item.tag]}:{_number(data, item)}"] for item in der.children(data, whole)])


def _inhibit(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    yield 0, [_number(data, whole)]


def _name_constraints(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    for tree in der.children(data, whole):
        yield 0, ["Permitted:" if tree.tag == 0xA0 else "Excluded:"]
        for subtree in der.children(data, tree):
            base = der.children(data, subtree)[0]
            octets = der.content(data, base)
            if base.tag == 0x87:
                half = len(octets) // 2
                mask = f"{address(octets[:half])}/{address(octets[half:])}"
                yield 2, [f"IP:{mask if len(octets) in (8, 32) else '<invalid>'}"]
            else:
                yield 2, general_name(field, data, base, listing=False)


def _comment(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    if whole.tag != IA5:
        raise Unprintable(field)
    yield 0, [raw(field, der.content(data, whole))]


def _features(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    given = [der.integer(data, item) for item in der.children(data, whole)]
    yield from _list([[_FEATURES.get(number, str(number))] for number in given])


def _no_check(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    yield from ()


def _period(field: str, data: bytes, whole: der.Element) -> Iterator[Row]:
    _sequence(whole)
    names = {0x80: "Not Before", 0x81: "Not After"}
    ends = der.children(data, whole)
    yield from _list([[f"{names[end.tag]}: {moment(der.content(data, end), short=False)}"] for end in ends])


def moment(text: bytes, *, short: bool) -> str:
    """A UTCTime (`short`) or GeneralizedTime as OpenSSL writes it (RFC 5280, 4.1.2.5)."""
    try:
        year = text.decode("ascii")
        if short:
            year = ("19" if int(year[:2]) >= 50 else "20") + year
        when = datetime.strptime(year, "%Y%m%d%H%M%SZ")  # noqa: DTZ007  (the Z is in the format)
    except (UnicodeDecodeError, ValueError):
        return "Bad time value"
    return f"{when:%b} {when.day:2d} {when:%H:%M:%S} {when.year} GMT"


_Printer = Callable[[str, bytes, der.Element], Iterator[Row]]
_PRINTERS: dict[str, _Printer] = {
    "2.5.29.14": _subject_key,
    "2.5.29.15": _key_usage,
    "2.5.29.16": _period,
    "2.5.29.17": _names,
    "2.5.29.18": _names,
    "2.5.29.19": _constraints,
    "2.5.29.30": _name_constraints,
    "2.5.29.31": _points,
    "2.5.29.32": _policies,
    "2.5.29.33": _mappings,
    "2.5.29.35": _authority_key,
    "2.5.29.36": _policy_constraints,
    "2.5.29.37": _usages,
    "2.5.29.46": _points,
    "2.5.29.54": _inhibit,
    "1.3.6.1.5.5.7.1.1": _access,
    "1.3.6.1.5.5.7.1.11": _access,
    "1.3.6.1.5.5.7.1.24": _features,
    "1.3.6.1.5.5.7.48.1.5": _no_check,
    "2.16.840.1.113730.1.1": _netscape_type,
    **{f"2.16.840.1.113730.1.{number}": _comment for number in (2, 3, 4, 7, 8, 12, 13)},
}
_NOT_MADE = frozenset(
    (
        "1.3.6.1.5.5.7.1.7",  # sbgp-ipAddrBlock
        "1.3.6.1.5.5.7.1.8",  # sbgp-autonomousSysNum
        "1.3.6.1.5.5.7.1.14",  # proxyCertInfo
        "1.3.101.1.4.1",  # Strong Extranet ID
        "1.3.36.8.3.3",  # admissions
        "1.3.6.1.4.1.11129.2.4.2",  # signed certificate timestamps
        "1.3.6.1.4.1.11129.2.4.3",  # precertificate poison
        "2.5.29.20", "2.5.29.21", "2.5.29.23", "2.5.29.24", "2.5.29.27", "2.5.29.28", "2.5.29.29",  # of CRLs
    )
)  # fmt: skip
"""Extensions that OpenSSL prints in a form of their own, which is not made here."""
