"""Whether a CRL answers for a certificate, and for which reasons (RFC 5280, 6.3.3 b, d and e)."""

from __future__ import annotations

from xsec.pki import extensions as ext
from xsec.pki import names
from xsec.pki.distribution import Point
from xsec.pki.names import Attribute, GeneralName, Name
from xsec.pki.parse import CertificateView
from xsec.revocation.crl import CrlView

ALL_REASONS = frozenset(range(1, 9))
"""The bits of ReasonFlags (RFC 5280, 4.2.1.13)."""


def points(view: CertificateView) -> tuple[Point, ...]:
    """The certificate's distribution points, and the one that is assumed (6.3.3, last paragraph)."""
    own: tuple[Point, ...] = view.extensions.known(ext.CRL_DISTRIBUTION_POINTS) or ()
    assumed = Point((GeneralName(names.DIRECTORY, view.issuer_name),), None, None, ())
    return (*own, assumed)


def issuers(view: CertificateView) -> frozenset[Name]:
    """The names by which a CRL for the certificate may be issued (CL-2)."""
    named = {name for point in points(view) for name in _directory(point.crl_issuer)}
    return frozenset({view.issuer, *named})


def _directory(found: tuple[GeneralName, ...]) -> list[Name]:
    return [names.normal(name.value) for name in found if name.kind == names.DIRECTORY]


def reasons(view: CertificateView, crl: CrlView) -> frozenset[int] | None:
    """The reasons for which the CRL answers for the certificate; None when it does not at all."""
    scope = crl.scope
    if scope.only_attributes or (scope.only_users and view.is_authority):
        return None
    if scope.only_authorities and not view.is_authority:
        return None
    found: frozenset[int] | None = None
    for point in points(view):
        if _answers(view, point, crl):
            covered = _said(point.reasons) & _said(scope.reasons)
            found = covered if found is None else found | covered
    return found


def _said(found: frozenset[int] | None) -> frozenset[int]:
    """The reasons, all of them when nothing is said; none when an empty set is."""
    return ALL_REASONS if found is None else found


def _answers(view: CertificateView, point: Point, crl: CrlView) -> bool:
    if point.crl_issuer:
        if not crl.scope.indirect or crl.issuer not in _directory(point.crl_issuer):
            return False
    elif crl.issuer != view.issuer:
        return False
    if not crl.scope.named:
        return True
    wanted = _names(point.full, point.relative, _directory(point.crl_issuer) or [view.issuer]) or list(
        map(_comparable, point.crl_issuer)
    )
    own = _names(crl.scope.full, crl.scope.relative, [crl.issuer])
    return any(name in own for name in wanted)


def _names(
    full: tuple[GeneralName, ...], relative: frozenset[Attribute] | None, bases: list[Name]
) -> list[object]:
    """The names of a distribution point; a relative one completed by its issuer's name (4.2.1.13)."""
    if relative is not None:
        return [(names.DIRECTORY, (*base, relative)) for base in bases[:1]]
    return [_comparable(name) for name in full]


def _comparable(name: GeneralName) -> object:
    if name.kind == names.DIRECTORY:
        return names.DIRECTORY, names.normal(name.value)
    if name.kind == names.DNS:
        return names.DNS, name.value.lower()
    return name.kind, name.value
