"""The host's own certificate with its chain and key: what is installed, and what an installation would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from xsec.errors import Damaged
from xsec.state.snapshot import Sealed, Section, Snapshot, Tree

KEY_PATH = "certificates server key"
"""Where every sealed server key is bound to, the former one's too, so that a rollback need not open it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An end entity certificate, the issuers sent with it (nearest first, root left out), and its key.

    `key` is PKCS#8 DER, sealed under `KEY_PATH`; `public_key_digest` is the SHA-256 of the DER
    SubjectPublicKeyInfo in lower-case hex; `source` is `self-signed`, `file`, or what else made it.
    """

    certificate: bytes
    chain: tuple[bytes, ...] = ()
    key: Sealed
    public_key_digest: str
    source: str
    installed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """The server certificate in use, and the one before it."""

    server: Identity | None = None
    former: Identity | None = None


def _parse(tree: Tree, snapshot: Snapshot) -> Identities:
    try:
        return Identities(
            server=_identity(tree.get("server"), snapshot), former=_identity(tree.get("former"), snapshot)
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Damaged(
            "the section `certificates` is not as xsec writes it", remedy="xsec config validate"
        ) from None


def _identity(item: Tree, snapshot: Snapshot) -> Identity | None:
    if item is None:
        return None
    return Identity(
        certificate=bytes(snapshot.blob(item["certificate"])),
        chain=tuple(bytes(snapshot.blob(digest)) for digest in item.get("chain", ())),
        key=Sealed(str(item["key"]).removeprefix("sealed:")),
        public_key_digest=item["public_key"],
        source=item["source"],
        installed=datetime.fromisoformat(item["installed"]),
    )


def _format(identities: Identities) -> Tree:
    parts = {"server": identities.server, "former": identities.former}
    return {name: _tree(identity) for name, identity in parts.items() if identity is not None}


def _tree(identity: Identity) -> Tree:
    tree: dict[str, Tree] = {"certificate": sha256(identity.certificate).hexdigest()}
    if identity.chain:
        tree["chain"] = [sha256(der).hexdigest() for der in identity.chain]
    return {
        **tree,
        "key": str(identity.key),
        "public_key": identity.public_key_digest,
        "source": identity.source,
        "installed": identity.installed.astimezone(UTC).isoformat(timespec="seconds"),
    }


IDENTITIES: Section[Identities] = Section("certificates", parse=_parse, format=_format, empty=Identities())
