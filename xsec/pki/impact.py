"""What a change of the trust list breaks now, told before it is made (TR-6)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cryptography import x509

from xsec.pki import chain, describe
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST, TrustList, crl_issuer
from xsec.state.plan import Plan
from xsec.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What no longer holds after a change, a sentence each."""

    certificates: tuple[str, ...] = ()
    without_crl: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        return (*self.certificates, *self.without_crl)


def impact(before: Snapshot, after: Snapshot) -> Impact:
    """The installed certificate that loses its trusted root, and each CA that loses its last CRL."""
    return Impact(
        certificates=_certificates(before, after), without_crl=_without_crl(before[TRUST], after[TRUST])
    )


def _certificates(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    server = after[IDENTITIES].server
    if server is None or _anchor(before, server.certificate, server.chain) is None:
        return ()
    if _anchor(after, server.certificate, server.chain) is not None:
        return ()
    name = describe.subject(describe.load(server.certificate))
    return (f"the server certificate {name} no longer leads to a trusted root",)


def _anchor(snapshot: Snapshot, leaf: bytes, issuers: tuple[bytes, ...]) -> bytes | None:
    return chain.build(leaf, issuers, [entry.der for entry in snapshot[TRUST].entries]).anchor


def _without_crl(before: TrustList, after: TrustList) -> tuple[str, ...]:
    kept = {crl_issuer(crl.der) for crl in after.crls}
    gone = {crl_issuer(crl.der): crl for crl in before.crls if crl_issuer(crl.der) not in kept}
    return tuple(
        f"{describe.issuer(x509.load_der_x509_crl(crl.der))} loses its embedded CRL: "
        "for ldap, whether its certificates are revoked is then unknown"
        for crl in gone.values()
    )


def told(plan: Plan, snapshot: Snapshot) -> Plan:
    """The plan with what it breaks among its warnings."""
    return replace(plan, warnings=(*plan.warnings, *impact(snapshot, plan.on(snapshot)).sentences))
