"""A service's listener from a snapshot: policy, certificate, and which clients with which CRLs (RV-3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from xsec.connections.settings import CRL_CHECK, CRL_INACCESSIBLE, MODE
from xsec.daemons import settings
from xsec.daemons.base import ClientPolicy, Listener
from xsec.errors import Refused
from xsec.output.escape import printable
from xsec.pki import der as structure
from xsec.pki import describe, names
from xsec.pki.names import Name
from xsec.pki.parse import Unreadable
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST
from xsec.revocation import manual
from xsec.revocation.crl import CrlView, crl
from xsec.revocation.manual import MANUAL, StoredCrl
from xsec.state.snapshot import Snapshot
from xsec.tls.profile import profile

FAIL_CLOSED, WITHOUT_CRL = "fail-closed", "without-crl"
_KIND = "https-client-auth"
_REMEDY = "xsec crl upload FILE; or apply with --fail-closed or --without-crl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A listener, what has to be said about it, and whether a choice of the operator's decided anything."""

    listener: Listener
    notes: tuple[str, ...] = ()
    choice: str = ""


def derive(snapshot: Snapshot, service: str, now: datetime, choice: str = "") -> Derived:
    """The listener of a service; `Refused` when something it needs is missing."""
    identity = snapshot[IDENTITIES].server
    if identity is None:
        raise Refused(
            "there is no server certificate to serve",
            remedy="xsec cert install CERTIFICATE --key KEY",
        )
    policy, notes, used = _clients(snapshot, now, choice)
    return Derived(
        listener=Listener(
            service=service,
            enabled=snapshot[settings.HTTPS] == "On",
            address=snapshot[settings.HTTPS_ADDRESS],
            port=snapshot[settings.HTTPS_PORT],
            profile=profile(snapshot, service),
            identity=identity,
            clients=policy,
            strict_transport=snapshot[settings.HSTS] == "On",
        ),
        notes=notes,
        choice=used,
    )


def _clients(snapshot: Snapshot, now: datetime, choice: str) -> tuple[ClientPolicy, tuple[str, ...], str]:
    if snapshot[MODE] == "NotRequired":
        return ClientPolicy(), (), ""
    anchors = tuple(entry.der for entry in snapshot[TRUST].for_kind(_KIND))
    if not anchors:
        raise Refused(
            "client certificates are required and no trusted CA certificate counts for them",
            remedy=f"xsec trust add FILE --for {_KIND}",
        )
    if snapshot[CRL_CHECK] == "None":
        return ClientPolicy(required=True, anchors=anchors), (), ""
    crls, notes = _crls(snapshot, anchors, now, choice)
    bare = [ca for ca in anchors if _subject(ca) not in crls]
    chosen = _choose(snapshot[CRL_INACCESSIBLE], crls, bare, choice)
    if chosen.without:
        return ClientPolicy(required=True, anchors=anchors), (*notes, *chosen.notes), chosen.choice
    if snapshot[CRL_CHECK] == "Peer":
        notes.append("the daemon checks every CA of a chain; Crlcheck Peer cannot be narrower there")
    policy = ClientPolicy(required=True, anchors=anchors, crls=tuple(crls.values()))
    return policy, (*notes, *chosen.notes), chosen.choice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    without: bool
    notes: tuple[str, ...] = ()
    choice: str = ""


def _choose(inaccessible: str, crls: Mapping[Name, bytes], bare: Sequence[bytes], choice: str) -> _Chosen:
    """What to do about CAs without a CRL, whose clients the daemon would refuse every one."""
    if not bare:
        return _Chosen(without=False)
    told = _names(bare)
    if choice == WITHOUT_CRL:
        return _Chosen(
            without=True,
            notes=(f"CRL checking is left out by --without-crl; no CRL of {told}",),
            choice=WITHOUT_CRL,
        )
    if not crls and inaccessible == "Ignore":
        return _Chosen(
            without=True,
            notes=(f"no CRL at all and Crlinaccessible is Ignore: revocation is not checked ({told})",),
        )
    # not for Crlinaccessible Fail alone: without its root's CRL the daemon also refuses the clients of CAs
    # that have one, which is more than that setting asks for
    if crls and choice == FAIL_CLOSED:
        return _Chosen(
            without=False,
            notes=(f"clients of CAs without a CRL, and of CAs below them, are all refused: {told}",),
            choice=FAIL_CLOSED,
        )
    raise Refused(
        f"no CRL of {told}: the daemon would refuse every client of it"
        if crls
        else f"no CRL of {told}, and Crlinaccessible is Fail: no client could be accepted",
        allowed="a CRL for every CA of a client's chain",
        remedy=_REMEDY,
    )


def _names(authorities: Sequence[bytes]) -> str:
    names = [printable(describe.subject(describe.load(der))) for der in authorities]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _subject(der: bytes) -> Name:
    return names.normal(structure.names_of(der).subject)


def _crls(
    snapshot: Snapshot, anchors: tuple[bytes, ...], now: datetime, choice: str
) -> tuple[dict[Name, bytes], list[str]]:
    """The newest usable CRL of each CA by its name, and notes on what was left aside."""
    notes: list[str] = []
    found: dict[Name, CrlView] = {}
    for stored in snapshot[MANUAL].crls:
        view = _view(stored)
        issuers = [der for der in anchors if _subject(der) == view.issuer]
        if not any(manual.is_signed_by(view.crl, der) for der in issuers):
            continue
        reason = _unusable(view, choice)
        if reason:
            notes.append(f"the CRL of {_issuer(view)} {reason}: the daemon cannot use it")
        elif view.issuer not in found or found[view.issuer].this_update < view.this_update:
            found[view.issuer] = view
    notes += [
        f"the CRL of {_issuer(view)} has expired: its clients are all refused"
        for view in found.values()
        if view.next_update is None or view.is_expired(now)
    ]
    return {name: view.der for name, view in found.items()}, notes


def _view(stored: StoredCrl) -> CrlView:
    try:
        return crl(stored.der, stored.file)
    except Unreadable as error:
        raise Refused(
            f"a manual CRL is malformed: {error}", where=stored.file, remedy="xsec crl upload FILE"
        ) from None


def _issuer(view: CrlView) -> str:
    return printable(describe.issuer(view.crl))


def _unusable(view: CrlView, choice: str) -> str:
    """Why OpenSSL's plain CRL check cannot take a CRL for the whole of a CA; empty when it can.

    What cannot be read may limit the CRL to a part: without checking at all it goes on only when told so.
    """
    unreadable = manual.unreadable(view.crl)
    if unreadable and choice != WITHOUT_CRL:
        raise Refused(
            f"the CRL of {_issuer(view)} cannot be used: {unreadable}",
            where=view.source,
            remedy="xsec crl upload FILE; or apply with --without-crl",
        )
    if unreadable:
        return f"is damaged ({unreadable})"
    if view.is_delta:
        return "is a delta CRL"
    return "is partial" if view.scope.indirect or view.scope.reasons is not None else ""
