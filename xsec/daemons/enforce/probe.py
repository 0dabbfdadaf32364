"""A certification authority that lives as long as a rehearsal.

With it a shadow's client authentication and revocation are proven without a key of anyone's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from xsec.secret import Secret
from xsec.tls.handshake import Holder

_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAuthority:
    """The authority and its CRL as DER, and three clients: good, revoked, and of an authority unknown."""

    authority: bytes
    crl: bytes
    good: Holder
    revoked: Holder
    stranger: Holder


def probe_authority(now: datetime) -> ProbeAuthority:
    """A fresh one, valid an hour around `now`."""
    key, other = _key(), _key()
    root = _certificate("xsec probe", key, "xsec probe", key, now, authority=True)
    revoked, revoked_serial = _client("xsec probe revoked", "xsec probe", key, now)
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(_name("xsec probe"))
        .last_update(now - _LIFE)
        .next_update(now + _LIFE)
        .add_extension(x509.CRLNumber(1), False)
        .add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(revoked_serial).revocation_date(now).build()
        )
        .sign(key, hashes.SHA256())
    )
    return ProbeAuthority(
        authority=root.public_bytes(Encoding.DER),
        crl=crl.public_bytes(Encoding.DER),
        good=_client("xsec probe good", "xsec probe", key, now)[0],
        revoked=revoked,
        stranger=_client("xsec probe stranger", "xsec probe stranger CA", other, now)[0],
    )


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _client(name: str, issuer: str, signer: ec.EllipticCurvePrivateKey, now: datetime) -> tuple[Holder, int]:
    key = _key()
    certificate = _certificate(name, key, issuer, signer, now, authority=False)
    holder = Holder(
        certificate=certificate.public_bytes(Encoding.PEM),
        key=Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
    )
    return holder, certificate.serial_number


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    authority: bool,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    return builder.sign(signer, hashes.SHA256())
