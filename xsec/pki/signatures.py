"""Signatures over the octets that were received, checked with a bare key."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

Signed = x509.Certificate | x509.CertificateRevocationList

WEAK = frozenset(("md2", "md4", "md5"))
"""Digests for which collisions are made at will: a signature over one proves nothing."""


def fault(signed: Signed, tbs: bytes, key: object) -> str:
    """Why the signature over `tbs` is not one by `key`; an empty text when it is.

    Names play no part: the library's own issuer check compares them as octets, and RFC 5280, 7.1 does not.
    """
    try:
        algorithm = signed.signature_hash_algorithm
        if algorithm is not None and algorithm.name in WEAK:
            return f"signed with {algorithm.name}"
        return _verify(key, signed.signature, tbs, algorithm, signed.signature_algorithm_parameters)
    except InvalidSignature:
        return "the signature is not by the issuer's key"
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return "the signature algorithm is not supported"


def digest(signed: Signed) -> str:
    """The name of the digest that was signed; an empty text when there is none or it is not known."""
    try:
        found = signed.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return ""
    return "" if found is None else str(found.name)


def _verify(key: Any, signature: bytes, tbs: bytes, algorithm: Any, parameters: Any) -> str:
    """Check by the key's type; the algorithm must be one for such a key."""
    match key, parameters:
        case rsa.RSAPublicKey(), padding.PKCS1v15() | padding.PSS():
            key.verify(signature, tbs, parameters, algorithm)
        case ec.EllipticCurvePublicKey(), ec.ECDSA():
            key.verify(signature, tbs, parameters)
        case ((ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey()), None) if algorithm is None:
            key.verify(signature, tbs)
        case dsa.DSAPublicKey(), None if algorithm is not None:
            key.verify(signature, tbs, algorithm)
        case _:
            return "the signature algorithm is not one for the issuer's key"
    return ""
