"""Opening a PKCS#12 file (RFC 7292): the part that can take without end, and so runs in a confined child.

Key derivation counts inside an encrypted safe are seen only after it was decrypted, by the library that then
derives: no check before it bounds the work (rules.md SE-6, NA-4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from xsec.errors import InvalidValue
from xsec.pki import keys
from xsec.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a file held: the key as PKCS#8 DER, the certificates as DER, the key's own first."""

    key: Secret | None
    certificates: tuple[bytes, ...]


Opener = Callable[[bytes, Secret], Opened]
"""Opens a file with its passphrase under limits on time and memory; `InvalidValue` when it does not open."""


def load(data: bytes, password: Secret) -> Opened:
    """What the file holds; the MAC is checked before the content is read."""
    try:
        opened = pkcs12.load_pkcs12(data, password.reveal())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidValue("the passphrase is wrong, or the PKCS#12 file is damaged") from None
    if opened.key is not None and not isinstance(opened.key, keys.PrivateKey):
        raise InvalidValue("the key in the PKCS#12 file cannot sign")
    held = ([opened.cert] if opened.cert is not None else []) + list(opened.additional_certs)
    return Opened(
        key=None if opened.key is None else keys.to_pkcs8(opened.key),
        certificates=tuple(item.certificate.public_bytes(serialization.Encoding.DER) for item in held),
    )
