"""Sealing: authenticated encryption bound to the host, the key and the place a secret belongs to (DR-1).

A sealed value is one file named by a random id; documents hold `sealed:<id>`, so that history and
rotation of the root key do not disturb each other.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xsec.errors import Damaged
from xsec.ports import Entropy, Files
from xsec.secret import Secret
from xsec.state.rootkey import KeyRing
from xsec.state.snapshot import Sealed

FOLDER = PurePosixPath("/var/lib/xsec/secrets")
_VERSION = 1
_NONCE_OCTETS = 12  # 96 bits, random: NIST SP 800-38D, 8.2.2
_LIMIT = 1 << 20


class WrongHost(Damaged):
    """The value was sealed on another host."""


class WrongPlace(Damaged):
    """The value was sealed for another place in the store."""


class Broken(Damaged):
    """The value was altered, or its key is not in the ring."""


def seal(ring: KeyRing, path: str, secret: Secret, entropy: Entropy) -> bytes:
    """The file of a sealed value that opens only on this host and only as `path`."""
    nonce = entropy.bytes(_NONCE_OCTETS)
    head = _head(ring.host, ring.current, path)
    text = AESGCM(ring.keys[ring.current].reveal()).encrypt(nonce, secret.reveal(), head)
    return head + b"\n" + nonce.hex().encode() + b"\n" + text.hex().encode() + b"\n"


def _head(host: str, key: str, path: str) -> bytes:
    return json.dumps({"version": _VERSION, "host": host, "key": key, "path": path}).encode()


def unseal(ring: KeyRing, path: str, data: bytes) -> Secret:
    """The secret of a sealed file; three different errors for another host, another place, other octets."""
    try:
        head, nonce, text, _ = data.split(b"\n")
        told = json.loads(head)
        host, key, place = str(told["host"]), str(told["key"]), str(told["path"])
        raw_nonce, raw = bytes.fromhex(nonce.decode()), bytes.fromhex(text.decode())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Broken(f"the sealed value of {path} does not read", remedy="xsec doctor") from None
    if host != ring.host:
        raise WrongHost(f"the sealed value of {path} belongs to another host", remedy="enter the secret anew")
    if place != path:
        raise WrongPlace(f"a sealed value made for {place} stands at {path}", remedy="enter the secret anew")
    if key not in ring.keys:
        raise Broken(f"the key that sealed {path} is not in the key ring", remedy="xsec doctor")
    try:
        return Secret(AESGCM(ring.keys[key].reveal()).decrypt(raw_nonce, raw, _head(host, key, place)))
    except (InvalidTag, ValueError):
        raise Broken(f"the sealed value of {path} was altered", remedy="xsec doctor") from None


def store(files: Files, id: str, data: bytes) -> None:
    """Keep a sealed file under its id."""
    files.create(FOLDER / id, data, mode=0o600)


def open_sealed(files: Files, ring: KeyRing, sealed: Sealed, path: str) -> Secret:
    """The secret that a document names; `Damaged` when it is not on this host."""
    try:
        data = files.read(FOLDER / sealed.id, limit=_LIMIT)
    except FileNotFoundError:
        raise Damaged(
            f"the sealed value of {path} is not on this host", remedy="enter the secret anew"
        ) from None
    return unseal(ring, path, data)
