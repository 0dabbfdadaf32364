"""A small PKI: authorities, the certificates they issue, and the CRLs they sign.

Everything that is not given is derived, so that the same arguments give the same octets: times from the
issuer's, serial numbers from issuer, subject and public key, keys only by `seeded_key`.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Named = str | x509.Name
"""A common name, or a whole name; the empty text is the empty name."""
Extra = x509.ExtensionType | tuple[x509.ExtensionType, bool]
"""An extension, not critical unless said; one of the same OID as a usual extension takes its place."""

_CURVES: dict[str, type[ec.EllipticCurve]] = {"p256": ec.SECP256R1, "p384": ec.SECP384R1}


def fresh_key(kind: str = "p256") -> Key:
    """A new key: p256, p384, ed25519, rsa2048, rsa3072, rsa4096."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa")))


def seeded_key(seed: str, kind: str = "p256") -> Key:
    """The same key each time for a seed: for tests and figures, never to be trusted; not for RSA."""
    digest = hashlib.sha512(f"{kind}:{seed}".encode()).digest()
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(digest[:32])
    curve = _CURVES[kind]()
    octets = curve.key_size // 8 - 1  # one octet less than the order, so that no seed lies above it
    return ec.derive_private_key(int.from_bytes(digest[:octets], "big") + 1, curve)


def _key(key: str | Key) -> Key:
    return fresh_key(key) if isinstance(key, str) else key


def name_of(name: Named) -> x509.Name:
    """A common name as a distinguished name."""
    if isinstance(name, x509.Name):
        return name
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])


def general_name(text: str | x509.GeneralName) -> x509.GeneralName:
    """An IP address, a URI (with `://` or `sip:`), a mailbox (with `@`), otherwise a DNS name."""
    if isinstance(text, x509.GeneralName):
        return text
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    if "://" in text or text.startswith(("sip:", "urn:")):
        return x509.UniformResourceIdentifier(text)
    return x509.RFC822Name(text) if "@" in text else x509.DNSName(text)


def distribution_points(*urls: str, crl_issuer: Named | None = None) -> x509.CRLDistributionPoints:
    """The extension that names where the CRL is (RFC 5280, 4.2.1.13)."""
    issuer = None if crl_issuer is None else [x509.DirectoryName(name_of(crl_issuer))]
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, issuer) for url in urls]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate with its key, and the chain its holder would present: intermediates, no root."""

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def serial(self) -> int:
        return self.certificate.serial_number

    @property
    def der(self) -> bytes:
        return der(self.certificate)

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return pem(self.certificate)

    @property
    def chain_pem(self) -> bytes:
        """The certificate and its chain, as a server presents them."""
        return pem(self.certificate, *self.chain)

    @property
    def key_pem(self) -> bytes:
        return pem(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """An entry of a CRL; `date` is the CRL's thisUpdate when not given."""

    serial: int
    reason: x509.ReasonFlags | None = None
    date: datetime | None = None
    extensions: tuple[Extra, ...] = ()


Target = int | x509.Certificate | Issued | Revoked


def revoked(
    target: Target,
    reason: x509.ReasonFlags | None = None,
    *,
    date: datetime | None = None,
    extensions: Iterable[Extra] = (),
) -> Revoked:
    """An entry for a certificate or a serial number."""
    if isinstance(target, Revoked):
        return target
    serial = target if isinstance(target, int) else _certificate_of(target).serial_number
    return Revoked(serial=serial, reason=reason, date=date, extensions=tuple(extensions))


def _certificate_of(target: x509.Certificate | Issued) -> x509.Certificate:
    return target.certificate if isinstance(target, Issued) else target


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Issued):
    """A certification authority; what it does not tell is taken from its own certificate."""

    def issue(
        self,
        name: Named = "",
        *,
        sans: Iterable[str | x509.GeneralName] = (),
        client: bool = False,
        server: bool = False,
        key: str | Key = "p256",
        not_before: datetime | None = None,
        days: float = 90,
        serial: int | None = None,
        extensions: Iterable[Extra] = (),
        without: Iterable[ObjectIdentifier] = (),
        hash: hashes.SHA256 | hashes.SHA384 | hashes.SHA1 | None = None,
    ) -> Issued:
        """An end-entity certificate; `client` and `server` are extended key usages, without both: none.

        Valid from `not_before` (the authority's) for `days`.  `without` leaves out usual extensions.
        """
        holder = _key(key)
        encipherment = ["key_encipherment"] * isinstance(holder, rsa.RSAPrivateKey)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH] * server + [ExtendedKeyUsageOID.CLIENT_AUTH] * client
        names = [general_name(san) for san in sans]
        usual: list[Extra] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_key_usage("digital_signature", *encipherment), True),
        ]
        if usages:
            usual.append(x509.ExtendedKeyUsage(usages))
        if names:
            # RFC 5280, 4.1.2.6: with an empty subject the alternative name is critical
            usual.append((x509.SubjectAlternativeName(names), not list(name_of(name))))
        certificate = _certificate(
            name_of(name),
            holder,
            self,
            not_before=not_before or self.certificate.not_valid_before_utc,
            days=days,
            serial=serial,
            extensions=_merged(usual, extensions, without),
            hash=hash,
            without=frozenset(without),
        )
        return Issued(certificate=certificate, key=holder, chain=self.presented)

    @property
    def presented(self) -> tuple[x509.Certificate, ...]:
        """What a holder of a certificate of this authority adds to it: nothing when this is a root."""
        selfsigned = self.certificate.issuer == self.certificate.subject and not self.chain
        return () if selfsigned else (self.certificate, *self.chain)

    def crl(
        self,
        revoked_certificates: Iterable[Target] = (),
        *,
        number: int | None = 1,
        this_update: datetime | None = None,
        next_update: datetime | None = None,
        extensions: Iterable[Extra] = (),
        without: Iterable[ObjectIdentifier] = (),
        key: Key | None = None,
        issuer: Named | None = None,
    ) -> x509.CertificateRevocationList:
        """A CRL; current from `this_update` (the authority's notBefore) for 30 days unless said.

        `key` and `issuer` make one that this authority did not sign, or that claims another name.
        """
        start = this_update or self.certificate.not_valid_before_utc
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject if issuer is None else name_of(issuer))
            .last_update(start)
            .next_update(next_update or start + timedelta(days=30))
        )
        usual: list[Extra] = [_authority_key_identifier(self)]
        if number is not None:
            usual.append(x509.CRLNumber(number))
        for extension, critical in _merged(usual, extensions, without):
            builder = builder.add_extension(extension, critical)
        for target in revoked_certificates:
            builder = builder.add_revoked_certificate(_entry(revoked(target), start))
        signer = key or self.key
        return builder.sign(
            signer,
            None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256(),
            ecdsa_deterministic=isinstance(signer, ec.EllipticCurvePrivateKey) or None,
        )


def authority(
    name: Named,
    *,
    issuer: Authority | None = None,
    key: str | Key = "p256",
    now: datetime | None = None,
    days: float = 3650,
    path_length: int | None = None,
    serial: int | None = None,
    extensions: Iterable[Extra] = (),
    without: Iterable[ObjectIdentifier] = (),
    hash: hashes.SHA256 | hashes.SHA384 | hashes.SHA1 | None = None,
) -> Authority:
    """A root, or an intermediate when it has an `issuer`; valid from `now` (the issuer's) for `days`."""
    holder = _key(key)
    if now is None:
        if issuer is None:
            raise ValueError("a root needs the moment from which it is valid")
        now = issuer.certificate.not_valid_before_utc
    usual: list[Extra] = [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (_key_usage("digital_signature", "key_cert_sign", "crl_sign"), True),
    ]
    certificate = _certificate(
        name_of(name),
        holder,
        issuer,
        not_before=now,
        days=days,
        serial=serial,
        extensions=_merged(usual, extensions, without),
        hash=hash,
        without=frozenset(without),
    )
    return Authority(certificate=certificate, key=holder, chain=() if issuer is None else issuer.presented)


def cross_sign(subject: Authority, issuer: Authority, *, now: datetime | None = None) -> Authority:
    """The same name and key, certified by another authority."""
    return authority(subject.certificate.subject, issuer=issuer, key=subject.key, now=now)


def _certificate(
    name: x509.Name,
    holder: Key,
    issuer: Authority | None,
    *,
    not_before: datetime,
    days: float,
    serial: int | None,
    extensions: list[tuple[x509.ExtensionType, bool]],
    hash: hashes.HashAlgorithm | None,
    without: frozenset[ObjectIdentifier],
) -> x509.Certificate:
    signer = issuer.key if issuer else holder
    issued_by = issuer.certificate.subject if issuer else name
    start = not_before.astimezone(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issued_by)
        .public_key(holder.public_key())
        .serial_number(_serial(issued_by, name, holder) if serial is None else serial)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    identifiers: list[Extra] = [x509.SubjectKeyIdentifier.from_public_key(holder.public_key())]
    if issuer:
        identifiers.append(_authority_key_identifier(issuer))
    for extension, critical in _merged(identifiers, extensions, without):
        builder = builder.add_extension(extension, critical)
    return builder.sign(
        signer,
        None if isinstance(signer, ed25519.Ed25519PrivateKey) else hash or hashes.SHA256(),  # type: ignore[arg-type]  # the stub names fewer hashes than the library signs with
        ecdsa_deterministic=isinstance(signer, ec.EllipticCurvePrivateKey) or None,
    )


def _serial(issuer: x509.Name, subject: x509.Name, key: Key) -> int:
    """16 octets, positive, never zero: RFC 5280, 4.1.2.2 allows up to 20."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
    digest = hashlib.sha256(issuer.public_bytes() + subject.public_bytes() + identifier).digest()
    return int.from_bytes(digest[:16], "big") | 1


def _authority_key_identifier(issuer: Authority) -> x509.AuthorityKeyIdentifier:
    try:
        known = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known.value)


def _merged(
    usual: Iterable[Extra], extra: Iterable[Extra], without: Iterable[ObjectIdentifier]
) -> list[tuple[x509.ExtensionType, bool]]:
    """Each OID once, as the builder wants it: what was given in the place of what is usual."""
    left_out = frozenset(without)
    found: dict[ObjectIdentifier, tuple[x509.ExtensionType, bool]] = {}
    for item in (*usual, *extra):
        extension, critical = item if isinstance(item, tuple) else (item, False)
        found[extension.oid] = (extension, critical)
    return [pair for oid, pair in found.items() if oid not in left_out]


def _entry(entry: Revoked, this_update: datetime) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(entry.serial)
        .revocation_date(entry.date or this_update)
    )
    usual: list[Extra] = [] if entry.reason is None else [x509.CRLReason(entry.reason)]
    for extension, critical in _merged(usual, entry.extensions, ()):
        builder = builder.add_extension(extension, critical)
    return builder.build()


_USAGES: tuple[str, ...] = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
)
_USAGES += ("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def _key_usage(*used: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in used for name in _USAGES})


def der(item: x509.Certificate | x509.CertificateRevocationList | Key) -> bytes:
    """DER; a key as PKCS#8."""
    if isinstance(item, x509.Certificate | x509.CertificateRevocationList):
        return item.public_bytes(Encoding.DER)
    return item.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def pem(
    *items: x509.Certificate | x509.CertificateRevocationList | Issued | Key, password: bytes | None = None
) -> bytes:
    """PEM blocks one after another; a key as PKCS#8, encrypted when there is a password."""
    encryption: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
    blocks = []
    for item in items:
        if isinstance(item, Issued):
            blocks.append(item.certificate.public_bytes(Encoding.PEM))
        elif isinstance(item, x509.Certificate | x509.CertificateRevocationList):
            blocks.append(item.public_bytes(Encoding.PEM))
        else:
            blocks.append(item.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return b"".join(blocks)
