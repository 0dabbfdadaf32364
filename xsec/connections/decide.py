"""The one trust decision for a connection kind: its trust list, its CRL sources, its settings (5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from xsec.connections import verify
from xsec.connections.settings import CRL_CHECK, CRL_INACCESSIBLE
from xsec.connections.verify import Decision
from xsec.errors import Refused
from xsec.pki import chain
from xsec.pki.path.build import Anchors
from xsec.pki.path.validate import Inputs, Purpose
from xsec.pki.trust import TRUST
from xsec.revocation.crl import CrlView
from xsec.revocation.manual import MANUAL
from xsec.revocation.policy import Checking, RevocationPolicy, Undetermined
from xsec.state.snapshot import Snapshot

HTTPS_CLIENT = "https-client-auth"
_CHECKING = {"None": Checking.OFF, "Peer": Checking.PEER, "All": Checking.ALL}
_UNDETERMINED = {"Ignore": Undetermined.ACCEPT, "Fail": Undetermined.REJECT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A certificate as the far side presents it, with the certificates that came with it."""

    certificate: bytes
    presented: tuple[bytes, ...] = ()
    kind: str = HTTPS_CLIENT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """What a snapshot holds for a kind: parsed once, used for every certificate."""

    anchors: Anchors
    intermediates: tuple[bytes, ...]
    crls: tuple[CrlView, ...]
    notes: tuple[str, ...]


def policy(snapshot: Snapshot, kind: str = HTTPS_CLIENT) -> RevocationPolicy:
    """How revocation is checked for a kind, and what it means that an answer is not to be had."""
    if kind != HTTPS_CLIENT:
        raise Refused(f"connections of kind {kind} are not judged yet", allowed=HTTPS_CLIENT)
    return RevocationPolicy(
        checking=_CHECKING[snapshot[CRL_CHECK]], undetermined=_UNDETERMINED[snapshot[CRL_INACCESSIBLE]]
    )


def decide(question: Question, snapshot: Snapshot, now: datetime) -> Decision:
    """Whether the host accepts the certificate on a connection of this kind, with all evidence.

    A chain must reach a self-signed certificate of the trust list (TR-5); other certificates of the list
    only fill gaps in it.  An expired CRL revokes, whatever the fallback says (CR-6).
    """
    rules = policy(snapshot, question.kind)
    material = snapshot.derive(_https_client)
    asked = verify.Question(
        certificate=question.certificate,
        intermediates=tuple(dict.fromkeys((*question.presented, *material.intermediates))),
        inputs=Inputs(at=now, purpose=Purpose.CLIENT),
        revocation=rules,
    )
    return verify.decide(asked, material.anchors, material.crls)


def notes(snapshot: Snapshot) -> tuple[str, ...]:
    """What was left out of the material for the decision."""
    return snapshot.derive(_https_client).notes


def _https_client(snapshot: Snapshot) -> _Material:
    entries = snapshot[TRUST].for_kind(HTTPS_CLIENT)
    roots = {entry.der: None for entry in entries if chain.is_self_signed(entry.der)}
    crls, left_out = verify.read_crls(
        (crl.der, f"manual, {crl.file}" if crl.file else "manual") for crl in snapshot[MANUAL].crls
    )
    return _Material(
        anchors=Anchors(roots),
        intermediates=tuple(entry.der for entry in entries if entry.der not in roots),
        crls=crls,
        notes=left_out,
    )


def basis(snapshot: Snapshot) -> str:
    """A digest of all that the decision rests on: a test counts for as long as it stays the same."""
    parts = [entry.digest for entry in snapshot[TRUST].for_kind(HTTPS_CLIENT)]
    parts += ["crl", *(crl.digest for crl in snapshot[MANUAL].crls)]
    parts += [snapshot[CRL_CHECK], snapshot[CRL_INACCESSIBLE]]
    return sha256("\n".join(parts).encode()).hexdigest()
