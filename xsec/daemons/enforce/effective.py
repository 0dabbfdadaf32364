"""Which values are in force for a daemon: saved, applied, and waiting for a restart (SY-6)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from xsec.connections.settings import CRL_CHECK, CRL_INACCESSIBLE, MODE
from xsec.daemons import settings
from xsec.daemons.base import Applied
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST
from xsec.revocation.manual import MANUAL
from xsec.state.plan import Plan
from xsec.state.schema import Leaf, Setting
from xsec.state.snapshot import Snapshot
from xsec.tls.profile import service as tls_service

CERTIFICATE, TRUSTED, CRLS = "server certificate", "trust list", "manual CRLs"


def _settings(service: str) -> tuple[Setting[Any], ...]:
    policy = tls_service(service)
    return (
        policy.protocol,
        policy.ciphers,
        policy.suites,
        settings.HTTPS,
        settings.HSTS,
        settings.HTTPS_PORT,
        settings.HTTPS_ADDRESS,
        settings.HTTPS_DAEMON,
        MODE,
        CRL_CHECK,
        CRL_INACCESSIBLE,
    )


def inputs(snapshot: Snapshot, service: str) -> dict[str, str]:
    """Everything a service's files are made of, as texts by setting path or by the name of the part."""
    found = {setting.path: setting.kind.format(snapshot[setting]) for setting in _settings(service)}
    identity = snapshot[IDENTITIES].server
    if identity is not None:
        found[CERTIFICATE] = _digest(
            identity.certificate, *identity.chain, identity.public_key_digest.encode()
        )
    if snapshot[MODE] != "NotRequired":
        found[TRUSTED] = _digest(*(e.der for e in snapshot[TRUST].for_kind("https-client-auth")))
        if snapshot[CRL_CHECK] != "None":
            found[CRLS] = _digest(*(crl.der for crl in snapshot[MANUAL].crls))
    return found


def _digest(*parts: bytes) -> str:
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()


def unapplied(snapshot: Snapshot, service: str, applied: Applied | None) -> tuple[str, ...]:
    """Names of what is saved and not applied; everything when nothing was applied yet."""
    wanted = inputs(snapshot, service)
    former: Mapping[str, str] = applied.inputs if applied else {}
    return tuple(name for name in {**wanted, **former} if wanted.get(name) != former.get(name))


def waiting(snapshot: Snapshot, service: str, applied: Applied | None) -> tuple[Setting[Any], ...]:
    """Settings that differ from what is in force and take a restart to be so."""
    if applied is None:
        return ()
    return tuple(
        setting
        for setting in _settings(service)
        if setting.restart
        and setting.path in applied.inputs
        and applied.inputs[setting.path] != setting.kind.format(snapshot[setting])
    )


def effective(snapshot: Snapshot, service: str, applied: Applied | None) -> Snapshot:
    """The snapshot with settings that wait for a restart as they were last applied."""
    held = waiting(snapshot, service, applied)
    if applied is None or not held:
        return snapshot
    values: dict[Leaf[object], object] = {
        Leaf(setting, setting.words): setting.kind.parse(applied.inputs[setting.path]) for setting in held
    }
    return Plan(base=snapshot.generation, summary="", settings=values).on(snapshot)
