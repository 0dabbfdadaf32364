"""The key ring: this host's root keys and the id that binds sealed values to it (DR-1, DA-1, DA-2)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from xsec.errors import Damaged, Refused
from xsec.ports import Entropy, Files
from xsec.secret import Secret

PATH = PurePosixPath("/var/lib/xsec/keyring")
_VERSION = 1
_KEY_OCTETS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """Root keys by id; `current` seals, the others only open until everything is sealed anew."""

    host: str
    current: str
    keys: Mapping[str, Secret]


def make(entropy: Entropy) -> KeyRing:
    """A ring with one new key of 256 bits and a new host id."""
    name = entropy.bytes(8).hex()
    return KeyRing(
        host=entropy.bytes(16).hex(), current=name, keys={name: Secret(entropy.bytes(_KEY_OCTETS))}
    )


def load(files: Files) -> KeyRing | None:
    """The ring on this host, None when there is none yet; `Damaged` when it cannot be read."""
    try:
        data = files.read(PATH, limit=1 << 16)
    except FileNotFoundError:
        return None
    facts = files.info(PATH)
    if facts is not None and (facts.mode & 0o077 or facts.owner.uid not in {0, files.uid}):
        raise Refused(
            f"the key ring is open to others (mode {facts.mode:04o}, user {facts.owner.uid})",
            where=str(PATH),
            remedy=f"when nobody else has read it: chown root: {PATH}; chmod 600 {PATH}",
        )
    try:
        tree = json.loads(data)
        keys = {str(k): Secret(base64.b64decode(v, validate=True)) for k, v in tree["keys"].items()}
        ring = KeyRing(host=str(tree["host"]), current=str(tree["current"]), keys=keys)
        sound = tree["version"] == _VERSION and ring.current in keys
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        sound, ring = False, KeyRing(host="", current="", keys={})
    if not sound or any(len(key) != _KEY_OCTETS for key in ring.keys.values()):
        raise Damaged(
            "the key ring does not read: sealed values cannot be opened",
            where=str(PATH),
            remedy="put the file back from a copy of this host, then: xsec doctor",
        )
    return ring


def save(files: Files, ring: KeyRing) -> None:
    """Write the ring, durable before anything is sealed with it."""
    tree = {
        "version": _VERSION,
        "host": ring.host,
        "current": ring.current,
        "keys": {name: base64.b64encode(key.reveal()).decode() for name, key in ring.keys.items()},
    }
    files.replace(PATH, json.dumps(tree).encode() + b"\n", mode=0o600)
