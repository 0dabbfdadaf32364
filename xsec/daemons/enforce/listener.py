"""A service's listener from a snapshot: policy, certificate, and which clients with which CRLs (RV-3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from xsec.connections.settings import CRL_CHECK, CRL_INACCESSIBLE, MODE
from xsec.daemons import settings
from xsec.daemons.base import ClientPolicy, Listener
from xsec.errors import Refused
from xsec.output.escape import printable
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST
from xsec.revocation.manual import MANUAL
from xsec.state.snapshot import Snapshot
from xsec.tls.profile import profile

FAIL_CLOSED, WITHOUT_CRL = "fail-closed", "without-crl"
_KIND = "https-client-auth"


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
    authorities = [x509.load_der_x509_certificate(der) for der in anchors]
    crls, notes = _crls(snapshot, authorities, now)
    bare = [ca for ca in authorities if _name(ca.subject) not in crls]
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


def _choose(
    inaccessible: str, crls: dict[bytes, bytes], bare: list[x509.Certificate], choice: str
) -> _Chosen:
    """What to do about CAs without a CRL, whose clients the daemon would refuse every one."""
    if not bare:
        return _Chosen(without=False)
    names = _names(bare)
    if choice == WITHOUT_CRL:
        return _Chosen(
            without=True,
            notes=(f"CRL checking is left out by --without-crl; no CRL of {names}",),
            choice=WITHOUT_CRL,
        )
    if not crls and inaccessible == "Ignore":
        return _Chosen(
            without=True,
            notes=(f"no CRL at all and Crlinaccessible is Ignore: revocation is not checked ({names})",),
        )
    if crls and (inaccessible == "Fail" or choice == FAIL_CLOSED):
        return _Chosen(
            without=False,
            notes=(f"clients of CAs without a CRL are all refused: {names}",),
            choice=FAIL_CLOSED if choice == FAIL_CLOSED else "",
        )
    raise Refused(
        f"no CRL of {names}: the daemon would refuse every client of it"
        if crls
        else f"no CRL of {names}, and Crlinaccessible is Fail: no client could be accepted",
        allowed="a CRL for every CA of a client's chain",
        remedy="xsec crl upload FILE; or apply with --fail-closed or --without-crl",
    )


def _names(authorities: Iterable[x509.Certificate]) -> str:
    names = [printable(ca.subject.rfc4514_string()) for ca in authorities]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _name(name: x509.Name) -> bytes:
    return name.public_bytes()


def _crls(
    snapshot: Snapshot, authorities: list[x509.Certificate], now: datetime
) -> tuple[dict[bytes, bytes], list[str]]:
    """The newest usable CRL of each CA by the DER of its name, and notes on what was left aside."""
    notes: list[str] = []
    found: dict[bytes, x509.CertificateRevocationList] = {}
    for stored in snapshot[MANUAL].crls:
        crl = x509.load_der_x509_crl(stored.der)
        issuer = printable(crl.issuer.rfc4514_string())
        if not any(_signed(crl, ca) for ca in authorities):
            continue
        partial_reason = _partial(crl)
        if partial_reason:
            notes.append(f"the CRL of {issuer} is {partial_reason}: the daemon cannot use it")
            continue
        key = _name(crl.issuer)
        if key not in found or found[key].last_update_utc < crl.last_update_utc:
            found[key] = crl
    notes += [
        f"the CRL of {printable(crl.issuer.rfc4514_string())} has expired: its clients are all refused"
        for crl in found.values()
        if crl.next_update_utc is None or crl.next_update_utc <= now
    ]
    return {key: crl.public_bytes(Encoding.DER) for key, crl in found.items()}, notes


def _signed(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    if crl.issuer != authority.subject:
        return False
    try:
        return crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]  # other keys raise TypeError
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _partial(crl: x509.CertificateRevocationList) -> str:
    """Why OpenSSL's plain CRL check cannot take a CRL for the whole of a CA; empty when it can."""
    for extension in crl.extensions:
        if isinstance(extension.value, x509.DeltaCRLIndicator):
            return "a delta CRL"
        if isinstance(extension.value, x509.IssuingDistributionPoint) and (
            extension.value.indirect_crl or extension.value.only_some_reasons
        ):
            return "partial"
    return ""
