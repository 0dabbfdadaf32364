"""Extensions one by one: each decoded apart from the others, so that a bad one spoils no other.

Decoders raise `NotDer` for anything but the DER of their type; certificates and CRLs share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from xsec.pki import der as structure
from xsec.pki import names
from xsec.pki.der import Element, NotDer
from xsec.pki.distribution import distribution_points, issuing_distribution_point
from xsec.pki.values import BOOLEAN, bits, boolean, expect, natural, oid, some, tagged, whole

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

ANY_POLICY = "2.5.29.32.0"
ANY_USAGE = "2.5.29.37.0"

DIGITAL_SIGNATURE, CONTENT_COMMITMENT, KEY_ENCIPHERMENT, DATA_ENCIPHERMENT, KEY_AGREEMENT = range(5)
KEY_CERT_SIGN, CRL_SIGN = 5, 6
"""Bits of keyUsage (RFC 5280, 4.2.1.3)."""


class Extension(NamedTuple):
    """An extension as it stands: identifier, criticality and the octets of its value."""

    oid: str
    critical: bool
    value: bytes


def listed(data: bytes, extensions: Element) -> Iterator[Extension]:
    """Every extension of an `Extensions` SEQUENCE in order, duplicates included (RFC 5280, 4.1)."""
    for item in structure.children(data, extensions):
        parts = structure.children(data, item)
        if len(parts) == 3:
            critical = boolean(data, parts[1])
        elif len(parts) == 2:
            critical = False
        else:
            raise NotDer("no extension", item.start)
        expect(parts[-1], structure.OCTET_STRING)
        yield Extension(oid(data, parts[0]), critical, structure.content(data, parts[-1]))


# Decoders ------------------------------------------------------------------------------------------------


class BasicConstraints(NamedTuple):
    """RFC 5280, 4.2.1.9."""

    ca: bool
    path_length: int | None


def basic_constraints(data: bytes) -> BasicConstraints:
    """Both fields of the extension; cA FALSE is the default and may not be encoded."""
    parts = list(structure.children(data, whole(data)))
    ca = bool(parts) and parts[0].tag == BOOLEAN
    if ca and not boolean(data, parts.pop(0)):
        raise NotDer("an encoded cA FALSE", 0)
    length = natural(data, parts.pop(0)) if parts else None
    if parts:
        raise NotDer("more than cA and a path length", parts[0].start)
    return BasicConstraints(ca, length)


def number(data: bytes) -> int:
    """A value that is one INTEGER: crlNumber, deltaCRLIndicator, inhibitAnyPolicy."""
    return natural(data, whole(data, structure.INTEGER))


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
    found = [oid(data, structure.children(data, item)[0]) for item in some(data)]
    if len(set(found)) != len(found):
        raise NotDer("a policy that is named twice", 0)
    return frozenset(found)


def policy_mappings(data: bytes) -> dict[str, frozenset[str]]:
    """What each issuer policy is mapped to (RFC 5280, 4.2.1.5)."""
    found: dict[str, frozenset[str]] = {}
    for item in some(data):
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
        expect(item, structure.SEQUENCE)
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


def _names_only(data: bytes) -> tuple[names.GeneralName, ...]:
    return names.generals(data, whole(data))


def _access(data: bytes) -> int:
    """How many descriptions authorityInfoAccess has: nothing in it decides (RFC 5280, 4.2.2.1)."""
    for item in (items := some(data)):
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
