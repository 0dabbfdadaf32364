"""Extensions one by one: each decoded apart from the others, so that a bad one spoils no other.

Decoders raise `NotDer` for anything but the DER of their type; certificates and CRLs share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from xsec.pki import der as structure
from xsec.pki import names
from xsec.pki.der import Element, NotDer

BASIC_CONSTRAINTS = "2.5.29.19"
KEY_USAGE = "2.5.29.15"
EXTENDED_KEY_USAGE = "2.5.29.37"
SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
ISSUER_ALTERNATIVE_NAME = "2.5.29.18"
NAME_CONSTRAINTS = "2.5.29.30"
CERTIFICATE_POLICIES = "2.5.29.32"
POLICY_MAPPINGS = "2.5.29.33"
POLICY_CONSTRAINTS = "2.5.29.36"
INHIBIT_ANY_POLICY = "2.5.29.54"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
FRESHEST_CRL = "2.5.29.46"
AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"
CRL_NUMBER = "2.5.29.20"
DELTA_CRL_INDICATOR = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT = "2.5.29.28"
CRL_REASON = "2.5.29.21"
INVALIDITY_DATE = "2.5.29.24"
CERTIFICATE_ISSUER = "2.5.29.29"
HOLD_INSTRUCTION = "2.5.29.23"

ANY_POLICY = "2.5.29.32.0"
ANY_USAGE = "2.5.29.37.0"

DIGITAL_SIGNATURE, CONTENT_COMMITMENT, KEY_ENCIPHERMENT, DATA_ENCIPHERMENT, KEY_AGREEMENT = range(5)
KEY_CERT_SIGN, CRL_SIGN = 5, 6
"""Bits of keyUsage (RFC 5280, 4.2.1.3)."""

_BOOLEAN = 0x01


class Extension(NamedTuple):
    """An extension as it stands: identifier, criticality and the octets of its value."""

    oid: str
    critical: bool
    value: bytes


@lru_cache(maxsize=4096)
def dotted(value: bytes) -> str:
    """An OID's content in dotted form (X.690, 8.19)."""
    if not value or value[-1] & 0x80:
        raise NotDer("no object identifier", 0)
    arcs, arc, fresh = [], 0, True
    for octet in value:
        if fresh and octet == 0x80:
            raise NotDer("an object identifier with padding", 0)
        arc, fresh = arc << 7 | octet & 0x7F, not octet & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(number) for number in (first, arcs[0] - 40 * first, *arcs[1:]))


def oid(data: bytes, item: Element) -> str:
    """The dotted form of an OBJECT IDENTIFIER."""
    _expect(item, structure.OID)
    return dotted(structure.content(data, item))


def _expect(item: Element, tag: int) -> None:
    if item.tag != tag:
        raise NotDer(f"tag 0x{item.tag:02x} in the place of 0x{tag:02x}", item.start)


def listed(data: bytes, extensions: Element) -> Iterator[Extension]:
    """Every extension of an `Extensions` SEQUENCE in order, duplicates included (RFC 5280, 4.1)."""
    for item in structure.children(data, extensions):
        parts = structure.children(data, item)
        if len(parts) == 3:
            critical = _boolean(data, parts[1])
        elif len(parts) == 2:
            critical = False
        else:
            raise NotDer("no extension", item.start)
        _expect(parts[-1], structure.OCTET_STRING)
        yield Extension(oid(data, parts[0]), critical, structure.content(data, parts[-1]))


def _boolean(data: bytes, item: Element) -> bool:
    _expect(item, _BOOLEAN)
    if structure.content(data, item) not in (b"\x00", b"\xff"):
        raise NotDer("a BOOLEAN that is neither 0x00 nor 0xFF", item.start)
    return data[item.content] == 0xFF


def whole(data: bytes, tag: int = structure.SEQUENCE) -> Element:
    """The one element that the value consists of."""
    found = structure.element(data, 0, len(data))
    _expect(found, tag)
    if found.end != len(data):
        raise NotDer("octets after the value", found.end)
    return found


# Decoders ------------------------------------------------------------------------------------------------


class BasicConstraints(NamedTuple):
    """RFC 5280, 4.2.1.9."""

    ca: bool
    path_length: int | None


def basic_constraints(data: bytes) -> BasicConstraints:
    """Both fields of the extension; cA FALSE is the default and may not be encoded."""
    parts = list(structure.children(data, whole(data)))
    ca = bool(parts) and parts[0].tag == _BOOLEAN
    if ca and not _boolean(data, parts.pop(0)):
        raise NotDer("an encoded cA FALSE", 0)
    length = natural(data, parts.pop(0)) if parts else None
    if parts:
        raise NotDer("more than cA and a path length", parts[0].start)
    return BasicConstraints(ca, length)


def natural(data: bytes, item: Element, tag: int = structure.INTEGER) -> int:
    """A non-negative INTEGER of any size."""
    value = structure.content(data, item)
    _expect(item, tag)
    if not value or value[0] & 0x80 or (len(value) > 1 and value[0] == 0 and not value[1] & 0x80):
        raise NotDer("no non-negative integer", item.start)
    return int.from_bytes(value, "big")


def number(data: bytes) -> int:
    """A value that is one INTEGER: crlNumber, deltaCRLIndicator, inhibitAnyPolicy."""
    return natural(data, whole(data, structure.INTEGER))


def bits(data: bytes, item: Element, tag: int = structure.BIT_STRING) -> frozenset[int]:
    """The numbers of the bits that are set in a BIT STRING."""
    _expect(item, tag)
    value = structure.content(data, item)
    if (
        not value
        or value[0] > 7
        or (len(value) == 1 and value[0])
        or (value[0] and value[-1] & ((1 << value[0]) - 1))
    ):
        raise NotDer("no bit string", item.start)
    return frozenset(
        8 * at + bit for at, octet in enumerate(value[1:]) for bit in range(8) if octet & (0x80 >> bit)
    )


def key_usage(data: bytes) -> frozenset[int]:
    """The usages that are set (RFC 5280, 4.2.1.3)."""
    return bits(data, whole(data, structure.BIT_STRING))


def extended_key_usage(data: bytes) -> frozenset[str]:
    """The purposes, at least one (RFC 5280, 4.2.1.12)."""
    found = frozenset(oid(data, item) for item in structure.children(data, whole(data)))
    if not found:
        raise NotDer("no purpose in extendedKeyUsage", 0)
    return found


def alternative_names(data: bytes) -> tuple[names.GeneralName, ...]:
    """subjectAltName, issuerAltName (RFC 5280, 4.2.1.6); an address is 4 or 16 octets."""
    found = names.generals(data, whole(data))
    for name in found:
        if name.kind == names.IP and len(name.value) not in (4, 16):
            raise NotDer(f"an address of {len(name.value)} octets", 0)
    return found


def certificate_policies(data: bytes) -> frozenset[str]:
    """The policies, each once (RFC 5280, 4.2.1.4); qualifiers do not decide anything."""
    found = [oid(data, structure.children(data, item)[0]) for item in _some(data)]
    if len(set(found)) != len(found):
        raise NotDer("a policy that is named twice", 0)
    return frozenset(found)


def _some(data: bytes) -> tuple[Element, ...]:
    items = structure.children(data, whole(data))
    if not items or any(item.tag != structure.SEQUENCE or item.content == item.end for item in items):
        raise NotDer("no list of sequences", 0)
    return items


def policy_mappings(data: bytes) -> dict[str, frozenset[str]]:
    """What each issuer policy is mapped to (RFC 5280, 4.2.1.5)."""
    found: dict[str, frozenset[str]] = {}
    for item in _some(data):
        parts = structure.children(data, item)
        if len(parts) != 2:
            raise NotDer("no policy mapping", item.start)
        issuer, subject = oid(data, parts[0]), oid(data, parts[1])
        found[issuer] = found.get(issuer, frozenset()) | {subject}
    return found


class PolicyConstraints(NamedTuple):
    """RFC 5280, 4.2.1.11."""

    require_explicit_policy: int | None
    inhibit_policy_mapping: int | None


def policy_constraints(data: bytes) -> PolicyConstraints:
    """The two numbers, at least one of them."""
    found = tagged(data, whole(data), 0x80, 0x81)
    if not found:
        raise NotDer("empty policyConstraints", 0)
    values = (natural(data, found[tag], tag) if tag in found else None for tag in (0x80, 0x81))
    return PolicyConstraints(*values)


def tagged(data: bytes, parent: Element, *tags: int) -> dict[int, Element]:
    """The context-tagged fields of a SEQUENCE, in order, each at most once, no others."""
    found: dict[int, Element] = {}
    left = list(tags)
    for item in structure.children(data, parent):
        if item.tag not in left:
            raise NotDer(f"tag 0x{item.tag:02x} is out of place", item.start)
        del left[: left.index(item.tag) + 1]
        found[item.tag] = item
    return found


class AuthorityKey(NamedTuple):
    """RFC 5280, 4.2.1.1: the key identifier; issuer and serial number, both or neither."""

    key_identifier: bytes | None
    issuer: tuple[names.GeneralName, ...]
    serial: int | None


def authority_key_identifier(data: bytes) -> AuthorityKey:
    """What names the issuer's key."""
    found = tagged(data, whole(data), 0x80, 0xA1, 0x82)
    if (0xA1 in found) != (0x82 in found):
        raise NotDer("an issuer without a serial number, or the other way round", 0)
    return AuthorityKey(
        structure.content(data, found[0x80]) if 0x80 in found else None,
        names.generals(data, found[0xA1]) if 0xA1 in found else (),
        int.from_bytes(structure.content(data, found[0x82]), "big", signed=True) if 0x82 in found else None,
    )


def subject_key_identifier(data: bytes) -> bytes:
    """The identifier of the subject's key (RFC 5280, 4.2.1.2)."""
    return structure.content(data, whole(data, structure.OCTET_STRING))


class Subtrees(NamedTuple):
    """nameConstraints (RFC 5280, 4.2.1.10): the bases, permitted (None: not said) and excluded."""

    permitted: tuple[names.GeneralName, ...]
    excluded: tuple[names.GeneralName, ...]


def name_constraints(data: bytes) -> Subtrees:
    """The bases; minimum other than 0 and any maximum are not DER of the profile and refused."""
    found = tagged(data, whole(data), 0xA0, 0xA1)
    if not found:
        raise NotDer("empty nameConstraints", 0)
    return Subtrees(
        *(tuple(_bases(data, found[tag])) if tag in found else () for tag in (0xA0, 0xA1)),
    )


def _bases(data: bytes, parent: Element) -> Iterator[names.GeneralName]:
    items = structure.children(data, parent)
    if not items:
        raise NotDer("an empty list of subtrees", parent.start)
    for item in items:
        _expect(item, structure.SEQUENCE)
        parts = structure.children(data, item)
        if len(parts) != 1:
            raise NotDer("a subtree with minimum or maximum", item.start)
        base = names.general(data, parts[0])
        if base.kind == names.IP:
            _check_mask(base.value)
        yield base


def _check_mask(value: bytes) -> None:
    if len(value) not in (8, 32):
        raise NotDer(f"an address range of {len(value)} octets", 0)
    half = len(value) // 2
    mask = int.from_bytes(value[half:], "big")
    gap = ~mask & ((1 << 8 * half) - 1)
    if gap & (gap + 1):
        raise NotDer("a mask with a gap", 0)


class Point(NamedTuple):
    """A distribution point of a certificate (RFC 5280, 4.2.1.13)."""

    full: tuple[names.GeneralName, ...]
    relative: frozenset[names.Attribute] | None
    reasons: frozenset[int] | None
    crl_issuer: tuple[names.GeneralName, ...]


def distribution_points(data: bytes) -> tuple[Point, ...]:
    """The points in order; one that has neither a name nor a cRLIssuer is refused."""
    return tuple(_point(data, item) for item in _some(data))


def _point(data: bytes, item: Element) -> Point:
    found = tagged(data, item, 0xA0, 0x81, 0xA2)
    if 0xA0 not in found and 0xA2 not in found:
        raise NotDer("a distribution point without name and issuer", item.start)
    full, relative = _point_name(data, found.get(0xA0))
    return Point(
        full,
        relative,
        bits(data, found[0x81], 0x81) if 0x81 in found else None,
        names.generals(data, found[0xA2]) if 0xA2 in found else (),
    )


def _point_name(
    data: bytes, item: Element | None
) -> tuple[tuple[names.GeneralName, ...], frozenset[names.Attribute] | None]:
    if item is None:
        return (), None
    choices = structure.children(data, item)
    if len(choices) != 1 or choices[0].tag not in (0xA0, 0xA1):
        raise NotDer("no name of a distribution point", item.start)
    if choices[0].tag == 0xA0:
        return names.generals(data, choices[0]), None
    # [1] IMPLICIT takes the place of the SET's own tag
    return (), names.relative(data, choices[0]._replace(tag=structure.SET))


class Scope(NamedTuple):
    """issuingDistributionPoint: what a CRL covers (RFC 5280, 5.2.5)."""

    full: tuple[names.GeneralName, ...] = ()
    relative: frozenset[names.Attribute] | None = None
    only_users: bool = False
    only_authorities: bool = False
    reasons: frozenset[int] | None = None
    indirect: bool = False
    only_attributes: bool = False

    @property
    def named(self) -> bool:
        """Whether the CRL names its distribution point."""
        return bool(self.full) or self.relative is not None


def issuing_distribution_point(data: bytes) -> Scope:
    """The scope of a CRL."""
    found = tagged(data, whole(data), 0xA0, 0x81, 0x82, 0x83, 0x84, 0x85)
    full, relative = _point_name(data, found.get(0xA0))
    flags = {tag: tag in found and _flag(data, found[tag]) for tag in (0x81, 0x82, 0x84, 0x85)}
    return Scope(
        full,
        relative,
        only_users=flags[0x81],
        only_authorities=flags[0x82],
        reasons=bits(data, found[0x83], 0x83) if 0x83 in found else None,
        indirect=flags[0x84],
        only_attributes=flags[0x85],
    )


def _flag(data: bytes, item: Element) -> bool:
    return _boolean(data, item._replace(tag=_BOOLEAN))


def _names_only(data: bytes) -> tuple[names.GeneralName, ...]:
    return names.generals(data, whole(data))


def _access(data: bytes) -> int:
    """How many descriptions authorityInfoAccess has: nothing in it decides (RFC 5280, 4.2.2.1)."""
    for item in (items := _some(data)):
        parts = structure.children(data, item)
        if len(parts) != 2:
            raise NotDer("no access description", item.start)
        oid(data, parts[0])
        names.general(data, parts[1])
    return len(items)


DECODERS: dict[str, Callable[[bytes], Any]] = {
    BASIC_CONSTRAINTS: basic_constraints,
    KEY_USAGE: key_usage,
    EXTENDED_KEY_USAGE: extended_key_usage,
    SUBJECT_ALTERNATIVE_NAME: alternative_names,
    ISSUER_ALTERNATIVE_NAME: _names_only,
    NAME_CONSTRAINTS: name_constraints,
    CERTIFICATE_POLICIES: certificate_policies,
    POLICY_MAPPINGS: policy_mappings,
    POLICY_CONSTRAINTS: policy_constraints,
    INHIBIT_ANY_POLICY: number,
    AUTHORITY_KEY_IDENTIFIER: authority_key_identifier,
    SUBJECT_KEY_IDENTIFIER: subject_key_identifier,
    CRL_DISTRIBUTION_POINTS: distribution_points,
    FRESHEST_CRL: distribution_points,
    AUTHORITY_INFORMATION_ACCESS: _access,
    CRL_NUMBER: number,
    DELTA_CRL_INDICATOR: number,
    ISSUING_DISTRIBUTION_POINT: issuing_distribution_point,
    CERTIFICATE_ISSUER: _names_only,
}
"""The decoder of each extension that is read."""

PROCESSED = frozenset(DECODERS) - {
    CRL_NUMBER,
    DELTA_CRL_INDICATOR,
    ISSUING_DISTRIBUTION_POINT,
    CERTIFICATE_ISSUER,
}
"""What the validator understands in a certificate; anything else that is critical rejects (RFC 5280, 4.2)."""
