"""The host's own certificate with its chain and key: what is installed, and what an installation would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from xsec.errors import Damaged, InvalidValue, Refused
from xsec.pki import chain, compliance, describe, keys
from xsec.pki.container import Contents, Found
from xsec.pki.trust import TRUST
from xsec.secret import Secret
from xsec.state import settings
from xsec.state.plan import Plan
from xsec.state.snapshot import Sealed, Section, Snapshot, Tree

SELF_SIGNED = "self-signed"

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


def _check(identities: Identities) -> None:
    for name, identity in (("server", identities.server), ("former", identities.former)):
        if identity is None:
            continue
        where = f"certificates {name}"
        public = describe.public_key(describe.load(identity.certificate, where=where))
        if public is None or keys.public_key_digest(public) != identity.public_key_digest:
            raise InvalidValue("the certificate does not have this public key", where=f"{where} public_key")
        for der in identity.chain:
            describe.load(der, where=f"{where} chain {sha256(der).hexdigest()}")


IDENTITIES: Section[Identities] = Section(
    "certificates", parse=_parse, format=_format, empty=Identities(), check=_check
)


# The default ---------------------------------------------------------------------------------------------

DEFAULT_LIFETIME = timedelta(days=365)
CLOCK_ALLOWANCE = timedelta(hours=1)  # a client whose clock is behind ours must not see the future
_LONGEST_CN = 64  # RFC 5280, appendix A: ub-common-name


def self_signed(host_name: str, now: datetime, *, serial: bytes) -> tuple[bytes, keys.PrivateKey]:
    """A certificate for a host that has no other: server and client, one year, with its key.

    The key is P-256: made at once where RSA 3072 takes seconds, cheap in each handshake, known to every
    client of TLS 1.2, allowed in every mode.  `serial` is random; 16 octets of it count.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    common = host_name if len(host_name) <= _LONGEST_CN else host_name.split(".")[0][:_LONGEST_CN]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    start = (now - CLOCK_ALLOWANCE).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(int.from_bytes(serial[:16], "big") | 1)  # positive, never zero: RFC 5280, 4.1.2.2
        .not_valid_before(start)
        .not_valid_after(start + DEFAULT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNS_ONLY, critical=True)
        .add_extension(usages, critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(host_name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER), key


_SIGNS_ONLY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _general_name(host_name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host_name))
    except ValueError:
        pass
    try:
        return x509.DNSName(host_name)
    except ValueError:
        raise InvalidValue(
            f"{host_name!r} is no host name", allowed="ASCII letters, digits, hyphens and dots"
        ) from None


def plan_default(snapshot: Snapshot, host_name: str, now: datetime, *, key_id: str, serial: bytes) -> Plan:
    """Install a self-signed default certificate; `key_id` is 32 hex digits, random, for the sealed key."""
    certificate, key = self_signed(host_name, now, serial=serial)
    identity = Identity(
        certificate=certificate,
        key=Sealed(key_id),
        public_key_digest=keys.public_key_digest(key.public_key()),
        source=SELF_SIGNED,
        installed=now,
    )
    secrets = {key_id: (KEY_PATH, keys.to_pkcs8(key))}
    return _plan(snapshot, identity, f"self-signed certificate for {host_name}", secrets=secrets)


# Installing ----------------------------------------------------------------------------------------------


class KeyMismatch(Refused):
    """The certificate's public key is not the key at hand."""


def plan_install(
    snapshot: Snapshot,
    contents: Sequence[Contents],
    now: datetime,
    *,
    key_id: str,
    password: Secret | None = None,
    force: bool = False,
) -> Plan:
    """Install the certificate in `contents` that belongs to the key in them, or to a key installed before.

    The other certificates are its chain, in any order, completed from the trust list.  `key_id` names the
    sealed key, 32 hex digits; `password` opens an encrypted key.  `force` installs what is out of date or
    malformed.
    """
    for content in contents:
        _refuse_others(content)
    key = _given_key(contents, password)
    leaf, sealed = _matched(snapshot[IDENTITIES], contents, key)
    offered = [found.der for content in contents for found in content.certificates if found.der != leaf.der]
    issuers, remarks = complete(snapshot, leaf.der, offered)
    certificate = describe.load(leaf.der, where=leaf.where)
    _refuse_out_of_date(certificate, leaf, now, force=force)
    compliance.refuse_hard(certificate, leaf.where, force=force)
    identity = Identity(
        certificate=leaf.der,
        chain=issuers,
        key=sealed or Sealed(key_id),
        public_key_digest=_digest(leaf) or "",
        source="file",
        installed=now,
    )
    told = [warning for content in contents for warning in (*content.warnings, *content.ignored)]
    told += [*compliance.server_remarks(certificate, now, host_name(snapshot)), *remarks]
    told += compliance.chain_remarks(map(describe.load, issuers), now)
    secrets = {} if sealed or key is None else {key_id: (KEY_PATH, keys.to_pkcs8(key))}
    plan = _plan(snapshot, identity, f"certificate {describe.subject(certificate)}", secrets=secrets)
    return replace(plan, warnings=tuple(dict.fromkeys(told)))


def host_name(snapshot: Snapshot) -> str:
    """The host's full name as it is configured, or an empty text."""
    first, domain = snapshot[settings.HOST_NAME], snapshot[settings.DOMAIN_NAME]
    return f"{first}.{domain}".strip(".") if first else ""


def _refuse_others(content: Contents) -> None:
    if content.requests and not content.certificates:
        raise InvalidValue(
            "this is a certificate request: send it to a CA and install the certificate that comes back",
            where=content.requests[0].where,
        )


def _given_key(contents: Sequence[Contents], password: Secret | None) -> keys.PrivateKey | None:
    loaded = [
        keys.load_private(found.data, password=password, where=found.where)
        for content in contents
        for found in content.keys
    ]
    if len({keys.public_key_digest(key.public_key()) for key in loaded}) > 1:
        places = ", ".join(found.where for content in contents for found in content.keys)
        raise InvalidValue(
            f"{len(loaded)} different private keys were given", where=places, allowed="one key"
        )
    return loaded[0] if loaded else None


def _matched(
    identities: Identities, contents: Sequence[Contents], key: keys.PrivateKey | None
) -> tuple[Found, Sealed | None]:
    """The certificate that belongs to the key, and the sealed key where that is here already."""
    certificates = [found for content in contents for found in content.certificates]
    if not certificates:
        raise InvalidValue(
            "there is no certificate in what was given", where=", ".join(content.name for content in contents)
        )
    held = {item.public_key_digest: item.key for item in (identities.former, identities.server) if item}
    wanted = [keys.public_key_digest(key.public_key())] if key else list(held)
    fitting = [found for found in certificates if _digest(found) in wanted]
    if fitting:
        newest = max(fitting, key=lambda found: describe.load(found.der).not_valid_before_utc)
        return newest, None if key else held[_digest(newest) or ""]
    raise _mismatch(certificates, wanted, given=key is not None)


def _digest(found: Found) -> str | None:
    public = describe.public_key(describe.load(found.der, where=found.where))
    return None if public is None else keys.public_key_digest(public)


def _mismatch(certificates: Sequence[Found], wanted: Sequence[str], *, given: bool) -> Refused:
    ends = [found for found in certificates if not describe.is_ca(describe.load(found.der))] or certificates
    told = "; ".join(
        f"{describe.subject(describe.load(found.der))} ({found.where}) has public key {_digest(found)}"
        for found in ends[:3]
    )
    if given:
        return KeyMismatch(
            f"no certificate belongs to the private key given: the key's public key is {wanted[0]}; {told}",
            remedy="xsec cert install CERTIFICATE --key FILE with the key of the request",
        )
    held = f"the keys installed before are {', '.join(wanted)}" if wanted else "no key was installed before"
    return KeyMismatch(
        f"no private key was given and {held}; {told}", remedy="xsec cert install CERTIFICATE --key FILE"
    )


def _refuse_out_of_date(certificate: x509.Certificate, leaf: Found, now: datetime, *, force: bool) -> None:
    state = describe.state(certificate, now)
    if state != "valid" and not force:
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        raise Refused(
            f"the certificate is {state}: every client would refuse it",
            where=leaf.where,
            allowed=f"{now:%Y-%m-%d %H:%M}Z within {first:%Y-%m-%d %H:%M}Z to {last:%Y-%m-%d %H:%M}Z",
            remedy="xsec cert install ... --force installs it all the same",
        )


def complete(
    snapshot: Snapshot, leaf: bytes, offered: Sequence[bytes]
) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The issuers to send with a certificate, and what is to be said about the way to a trusted root.

    Intermediates of the trust list complete the chain, since clients may not have them; roots are left out.
    """
    trusted = [entry.der for entry in snapshot[TRUST].entries]
    roots = [der for der in trusted if chain.is_self_issued(der)]
    between = [der for der in trusted if not chain.is_self_issued(der)]
    built = chain.build(leaf, [*offered, *between], roots)
    if built.anchor is None and between:
        other = chain.build(leaf, offered, between)
        if other.anchor is not None:
            known = (other.anchor,) if other.anchor != leaf else ()
            built = replace(other, issuers=(*other.issuers, *known))
    return built.issuers, tuple(_told(built, leaf, offered))


def _told(built: chain.Chain, leaf: bytes, offered: Sequence[bytes]) -> Iterator[str]:
    given = frozenset(offered)
    for der in built.issuers:
        if der not in given:
            yield f"the chain is completed with {describe.subject(describe.load(der))} from the trust list"
    if built.anchor is None:
        yield (
            "the certificate signs itself and is not in the trust list: no peer will trust it by a CA"
            if chain.is_self_issued(leaf)
            else f"no full chain to a trusted root: {built.missing} is not in the trust list; "
            "remedy: xsec trust add FILE with that certificate"
        )
    for der in built.unused:
        if der in given and not (built.anchor is None and chain.is_self_issued(der)):
            yield f"{describe.subject(describe.load(der))} is no part of the chain, and is left out"


def plan_rollback(snapshot: Snapshot) -> Plan:
    """Put the former certificate with its chain and key back; the present one becomes the former."""
    identities = snapshot[IDENTITIES]
    if identities.former is None:
        raise Refused("there is no former certificate", remedy="xsec cert show")
    swapped = Identities(server=identities.former, former=identities.server)
    return Plan(
        base=snapshot.generation,
        summary="certificate rolled back to the former one",
        sections={IDENTITIES.name: IDENTITIES.format(swapped)},
    )


def _plan(
    snapshot: Snapshot, identity: Identity, summary: str, *, secrets: dict[str, tuple[str, Secret]]
) -> Plan:
    """Put the identity in the place of the present one, which becomes the former unless it is the same."""
    now = snapshot[IDENTITIES]
    if now.server and (now.server.certificate, now.server.chain) == (identity.certificate, identity.chain):
        return Plan(base=snapshot.generation, summary="the certificate is installed already")
    same = now.server is not None and now.server.certificate == identity.certificate
    after = Identities(server=identity, former=now.former if same else now.server)
    return Plan(
        base=snapshot.generation,
        summary=summary,
        sections={IDENTITIES.name: IDENTITIES.format(after)},
        objects={sha256(der).hexdigest(): der for der in (identity.certificate, *identity.chain)},
        secrets=secrets,
    )
