"""Distribution points of certificates and the scope of CRLs (RFC 5280, 4.2.1.13 and 5.2.5)."""

from __future__ import annotations

from typing import NamedTuple

from xsec.pki import der as structure
from xsec.pki import names
from xsec.pki.der import Element, NotDer
from xsec.pki.values import bits, flag, some, tagged, whole


class Point(NamedTuple):
    """A distribution point of a certificate (RFC 5280, 4.2.1.13)."""

    full: tuple[names.GeneralName, ...]
    relative: frozenset[names.Attribute] | None
    reasons: frozenset[int] | None
    crl_issuer: tuple[names.GeneralName, ...]


def distribution_points(data: bytes) -> tuple[Point, ...]:
    """The points in order; one that has neither a name nor a cRLIssuer is refused."""
    return tuple(_point(data, item) for item in some(data))


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
    flags = {tag: tag in found and flag(data, found[tag]) for tag in (0x81, 0x82, 0x84, 0x85)}
    return Scope(
        full,
        relative,
        only_users=flags[0x81],
        only_authorities=flags[0x82],
        reasons=bits(data, found[0x83], 0x83) if 0x83 in found else None,
        indirect=flags[0x84],
        only_attributes=flags[0x85],
    )
