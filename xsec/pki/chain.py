"""From a certificate to a trusted root by names and signatures: its issuers, and where they end.

This orders and completes what is installed; whether a certificate is to be trusted for a purpose is decided
by the validator (`connections.verify`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from xsec.pki import der as structure
from xsec.pki import describe, signatures

MAXIMUM_LENGTH = 10  # rules.md PA-1: certificates in a path
MAXIMUM_CHECKS = 100  # rules.md PA-1: signature checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The issuers of a certificate, nearest first, and where they end.

    `issuers` leaves the anchor out.  `anchor` is the trusted certificate at the end, or None; then `missing`
    names the issuer that is not there.  `unused` are offered certificates that have no part in it.
    """

    issuers: tuple[bytes, ...]
    anchor: bytes | None
    missing: str
    unused: tuple[bytes, ...] = ()


def build(leaf: bytes, offered: Iterable[bytes], anchors: Iterable[bytes]) -> Chain:
    """The chain of `leaf` through offered certificates, ending at the first trusted one.

    A trusted certificate that is not self-issued ends the chain too, and belongs to what a server sends
    only when it was offered.
    """
    pool = tuple(dict.fromkeys(offered))
    search = _Search(pool=_by_subject(pool), anchors=_by_subject(anchors))
    issuers, anchor, missing = search.run(leaf)
    used = {leaf, anchor, *issuers}
    return Chain(
        issuers=issuers, anchor=anchor, missing=missing, unused=tuple(d for d in pool if d not in used)
    )


def _by_subject(certificates: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for der in certificates:
        try:
            found.setdefault(structure.names_of(der).subject, []).append(der)
        except structure.NotDer:
            continue
    return found


class _Search:
    """Depth first, anchors before offered certificates, each certificate once on a path, bounded."""

    def __init__(self, *, pool: dict[bytes, list[bytes]], anchors: dict[bytes, list[bytes]]) -> None:
        self._pool = pool
        self._anchors = anchors
        self._checks = 0
        self._longest: tuple[bytes, ...] = ()

    def run(self, leaf: bytes) -> tuple[tuple[bytes, ...], bytes | None, str]:
        for issuers, anchor in self._paths(leaf, ()):
            return issuers, anchor, ""
        last = self._longest[-1] if self._longest else leaf
        return self._longest, None, describe.issuer(describe.load(last))

    def _paths(self, child: bytes, above: tuple[bytes, ...]) -> Iterator[tuple[tuple[bytes, ...], bytes]]:
        if child in self._anchors.get(structure.names_of(child).subject, ()):
            yield above[:-1], child
            return
        for anchor in self._anchors.get(structure.names_of(child).issuer, ()):
            if self._signed(child, anchor):
                yield above, anchor
        if len(above) + 2 > MAXIMUM_LENGTH:
            return
        for issuer in self._pool.get(structure.names_of(child).issuer, ()):
            if issuer != child and issuer not in above and self._signed(child, issuer):
                if len(above) + 1 > len(self._longest) and not is_self_signed(issuer):
                    self._longest = (*above, issuer)
                yield from self._paths(issuer, (*above, issuer))

    def _signed(self, child: bytes, issuer: bytes) -> bool:
        self._checks += 1
        return self._checks <= MAXIMUM_CHECKS and is_signed_by(child, issuer)


def is_signed_by(child: bytes, issuer: bytes) -> bool:
    """Whether the issuer's name and key are those of the child's issuer and signature."""
    try:
        signed, signer = x509.load_der_x509_certificate(child), x509.load_der_x509_certificate(issuer)
        signed.verify_directly_issued_by(signer)
    except (InvalidSignature, x509.InvalidVersion, *describe.UNREADABLE):
        return False
    return True


def is_self_signed(certificate: bytes) -> bool:
    """Whether its own key made its signature: equal names alone may be those of a key rollover."""
    try:
        loaded = x509.load_der_x509_certificate(certificate)
        whole = structure.element(certificate, 0, len(certificate))
        signed = structure.octets(certificate, structure.children(certificate, whole)[0])
        return is_self_issued(certificate) and not signatures.fault(
            loaded, signed, describe.public_key(loaded)
        )
    except (x509.InvalidVersion, *describe.UNREADABLE):
        return False


def is_self_issued(certificate: bytes) -> bool:
    """Whether issuer and subject are the same octets; no signature is checked."""
    found = structure.names_of(certificate)
    return found.issuer == found.subject
