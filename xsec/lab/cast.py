"""The PKI of the demo as files: root, issuing CA, a server, the clients alice and bob, and CRLs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from xsec.lab.pki import Authority, Issued, Named, authority, pem, revoked

SERVER_NAME = "vcs.demo.example"
_SKEW = timedelta(hours=1)  # valid from an hour ago, so that no clock is too early
_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part; every file is below `folder`."""

    folder: Path
    root: Authority
    issuing: Authority
    server: Issued
    alice: Issued
    bob: Issued


def cast(folder: Path, now: datetime) -> Cast:
    """Make keys and certificates, and write them as an operator would get them from a CA."""
    start = now - _SKEW
    root = authority(_name("Demo Root CA"), now=start, days=_DAYS)
    issuing = authority(_name("Demo Issuing CA"), issuer=root, days=_DAYS, path_length=0)
    made = Cast(
        folder=folder,
        root=root,
        issuing=issuing,
        server=issuing.issue(
            _name(SERVER_NAME), sans=[SERVER_NAME, "127.0.0.1"], server=True, client=True, days=_DAYS
        ),
        alice=issuing.issue(_name("alice"), sans=["alice@demo.example"], client=True, days=_DAYS),
        bob=issuing.issue(_name("bob"), sans=["bob@demo.example"], client=True, days=_DAYS),
    )
    files = {
        "demo-ca.pem": pem(root, issuing),
        "server.pem": made.server.chain_pem,
        "server.key": made.server.key_pem,
        "alice.pem": made.alice.chain_pem,
        "alice.key": made.alice.key_pem,
        "bob.pem": made.bob.chain_pem,
        "bob.key": made.bob.key_pem,
        "crl-1.pem": pem(root.crl(this_update=start), issuing.crl(this_update=start)),
        "crl-2.pem": pem(root.crl(this_update=start), _without_alice(made, now)),
    }
    for name, content in files.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
    return made


def _name(common: str) -> Named:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Demo"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _without_alice(made: Cast, now: datetime) -> x509.CertificateRevocationList:
    entry = revoked(made.alice, x509.ReasonFlags.key_compromise, date=now.replace(microsecond=0))
    return made.issuing.crl([entry], number=2, this_update=now.replace(microsecond=0))
