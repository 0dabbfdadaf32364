"""Questions to the validator in one line each, over a small PKI whose keys are always the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from xsec.connections.verify import Decision, Question, decide, read_crls
from xsec.lab.pki import Authority, Issued, authority, der, seeded_key
from xsec.pki import der as structure
from xsec.pki.path.budget import Limits
from xsec.pki.path.build import Anchors
from xsec.pki.path.reference import parse
from xsec.pki.path.validate import Inputs
from xsec.revocation.policy import OFF, REQUIRED, RevocationPolicy

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
START = NOW - timedelta(days=10)
"""From when everything of the small PKI is valid; its CRLs are current for 30 days from then."""

Given = bytes | Issued | x509.Certificate


def ca(
    name: str | x509.Name, issuer: Authority | None = None, *, seed: str = "", **options: Any
) -> Authority:
    """An authority with a key made from its name, or from `seed`."""
    return authority(
        name, issuer=issuer, key=seeded_key(seed or str(name)), now=options.pop("now", START), **options
    )


def leaf(issuer: Authority, name: str | x509.Name = "leaf", *, seed: str = "leaf", **options: Any) -> Issued:
    """An end entity with a key made from `seed`."""
    return issuer.issue(name, key=seeded_key(seed), **options)


def octets(item: Given) -> bytes:
    """DER of whatever is a certificate."""
    if isinstance(item, bytes):
        return item
    return der(item.certificate if isinstance(item, Issued) else item)


def ask(
    target: Given,
    *,
    trust: Iterable[Given],
    chain: Iterable[Given] = (),
    crls: Iterable[x509.CertificateRevocationList | bytes] | None = None,
    revocation: RevocationPolicy | None = None,
    at: datetime = NOW,
    host: str | None = None,
    limits: Limits | None = None,
    **inputs: Any,
) -> Decision:
    """The decision; CRLs that are given are required, unless `revocation` says otherwise."""
    views, _ = read_crls((item if isinstance(item, bytes) else der(item), "") for item in crls or ())
    question = Question(
        certificate=octets(target),
        intermediates=tuple(octets(item) for item in chain),
        inputs=Inputs(at=at, reference=None if host is None else parse(host), **inputs),
        revocation=revocation or (OFF if crls is None else REQUIRED),
    )
    return decide(question, Anchors(octets(item) for item in trust), views, limits=limits)


def code(target: Given, **options: Any) -> str:
    """`ok`, or the code of the first failure."""
    return ask(target, **options).verdict.code


def signed_otherwise(signed: bytes, issuer: Authority) -> bytes:
    """A certificate or CRL whose signature holds, with SHA-384, while its signed part speaks of SHA-256."""
    whole = structure.element(signed, 0, len(signed))
    tbs = structure.octets(signed, structure.children(signed, whole)[0])
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
    signature = b"\x00" + issuer.key.sign(tbs, ec.ECDSA(hashes.SHA384()))
    algorithm = bytes.fromhex("300a06082a8648ce3d040303")
    body = tbs + algorithm + bytes((structure.BIT_STRING, len(signature))) + signature
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body
