"""What RFC 5280 demands of certificates and CRLs that arrive, and what servers need beyond it (BA-2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from xsec.errors import InvalidValue, Refused
from xsec.pki import describe, keys
from xsec.pki.container import Contents, Found, reason

SOON = timedelta(days=30)
_LONGEST_SERIAL = 20 * 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One paragraph of RFC 5280 that an object breaks; a `hard` one makes it useless."""

    field: str
    section: str
    text: str
    hard: bool = False


def violations(certificate: x509.Certificate) -> tuple[Violation, ...]:
    """Every violation found in a certificate, in the order of its fields."""
    return tuple(_violations(certificate))


def refuse_hard(certificate: x509.Certificate, where: str, *, force: bool) -> None:
    """Refuse a certificate that a hard violation makes useless, unless `force` (BA-2)."""
    for item in violations(certificate):
        if item.hard and not force:
            raise Refused(
                f"{item.field}: {item.text} ({item.section})",
                where=where,
                remedy="--force takes it all the same",
            )


def _violations(certificate: x509.Certificate) -> Iterator[Violation]:
    yield from _serial_and_dates(certificate)
    try:
        present = tuple(certificate.extensions)
    except describe.UNREADABLE as error:
        text = f"the extensions cannot be read: {reason(error)}"
        yield Violation(field="extensions", section="RFC 5280, 4.2", text=text, hard=True)
        return
    if present and certificate.version is not x509.Version.v3:
        yield Violation(
            field="version", section="RFC 5280, 4.1.2.1", text="extensions in a certificate that is not v3"
        )
    yield from _names(certificate)
    yield from _authority(certificate)


def _serial_and_dates(certificate: x509.Certificate) -> Iterator[Violation]:
    serial = certificate.serial_number
    if serial <= 0:
        text = "the serial number is not positive"
        yield Violation(field="serialNumber", section="RFC 5280, 4.1.2.2", text=text)
    if serial.bit_length() >= _LONGEST_SERIAL:
        text = "the serial number has more than 20 octets"
        yield Violation(field="serialNumber", section="RFC 5280, 4.1.2.2", text=text)
    if certificate.not_valid_after_utc < certificate.not_valid_before_utc:
        text = "the certificate ends before it begins"
        yield Violation(field="validity", section="RFC 5280, 4.1.2.5", text=text, hard=True)


def _names(certificate: x509.Certificate) -> Iterator[Violation]:
    try:
        empty = not list(certificate.subject)
        _ = list(certificate.issuer)
    except describe.UNREADABLE as error:
        text = f"a name cannot be read: {reason(error)}"
        yield Violation(field="subject", section="RFC 5280, 4.1.2.6", text=text, hard=True)
        return
    if empty and not describe.names(certificate):
        text = "the subject is empty and there is no alternative name"
        yield Violation(field="subject", section="RFC 5280, 4.1.2.6", text=text)
    elif empty and not _critical(certificate, x509.SubjectAlternativeName):
        text = "with an empty subject the alternative name is critical"
        yield Violation(field="subjectAltName", section="RFC 5280, 4.2.1.6", text=text)


def _authority(certificate: x509.Certificate) -> Iterator[Violation]:
    constraints = describe.extension(certificate, x509.BasicConstraints)
    usage = describe.extension(certificate, x509.KeyUsage)
    ca = constraints is not None and constraints.ca
    if ca and not _critical(certificate, x509.BasicConstraints):
        text = "basicConstraints of a CA is critical"
        yield Violation(field="basicConstraints", section="RFC 5280, 4.2.1.9", text=text)
    if ca and usage is None:
        text = "a CA certificate has keyUsage"
        yield Violation(field="keyUsage", section="RFC 5280, 4.2.1.3", text=text)
    if ca and usage is not None and not usage.key_cert_sign:
        text = "a CA certificate may sign certificates (keyCertSign)"
        yield Violation(field="keyUsage", section="RFC 5280, 4.2.1.3", text=text)
    if not ca and usage is not None and usage.key_cert_sign:
        text = "keyCertSign in a certificate that is no CA"
        yield Violation(field="keyUsage", section="RFC 5280, 4.2.1.9", text=text)
    if ca and describe.extension(certificate, x509.SubjectKeyIdentifier) is None:
        text = "a CA certificate has a subject key identifier"
        yield Violation(field="subjectKeyIdentifier", section="RFC 5280, 4.2.1.2", text=text)
    self_issued = describe.subject(certificate) == describe.issuer(certificate)
    if not self_issued and describe.extension(certificate, x509.AuthorityKeyIdentifier) is None:
        text = "a certificate that another CA issued has an authority key identifier"
        yield Violation(field="authorityKeyIdentifier", section="RFC 5280, 4.2.1.1", text=text)


def _critical(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(kind).critical
    except x509.ExtensionNotFound:
        return False


# Servers -------------------------------------------------------------------------------------------------


def server_remarks(certificate: x509.Certificate, now: datetime, host_name: str = "") -> tuple[str, ...]:
    """What will make trouble when a host serves this certificate, a sentence each (SC-3)."""
    return tuple(_server_remarks(certificate, now, host_name))


def _server_remarks(certificate: x509.Certificate, now: datetime, host_name: str) -> Iterator[str]:
    state = describe.state(certificate, now)
    if state != "valid":
        yield f"the certificate is {state}: every client refuses it"
    elif soon(certificate.not_valid_before_utc, certificate.not_valid_after_utc, now):
        yield f"the certificate expires in {describe.days(certificate.not_valid_after_utc, now)} days"
    yield from keys.weaknesses(describe.public_key(certificate))
    weak = describe.weak_digest(certificate)
    if weak:
        yield f"the certificate is signed with {weak}, which clients refuse"
    if describe.is_ca(certificate):
        yield "this is a CA certificate: clients refuse it as a server's"
    yield from _usage_remarks(certificate)
    yield from _name_remarks(certificate, host_name)
    for violation in violations(certificate):
        yield f"{violation.field}: {violation.text} ({violation.section})"


def _usage_remarks(certificate: x509.Certificate) -> Iterator[str]:
    usages = describe.extension(certificate, x509.ExtendedKeyUsage)
    if usages is None:
        yield "there is no extended key usage: serverAuth is expected, and some clients demand it"
        return
    anything = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages
    if ExtendedKeyUsageOID.SERVER_AUTH not in usages and not anything:
        yield "the extended key usage lacks serverAuth: clients refuse it"
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usages and not anything:
        yield (
            "the extended key usage lacks clientAuth: far hosts refuse it where this host is the client "
            "(traversal, neighbor zones)"
        )


def _name_remarks(certificate: x509.Certificate, host_name: str) -> Iterator[str]:
    names = describe.names(certificate)
    folded = {name.casefold() for name in names}
    if not names:
        yield "there are no alternative names: clients do not look at the common name (RFC 9525)"
    elif host_name and not folded & {f"dns:{host_name}".casefold(), _wildcard(host_name)}:
        yield f"the alternative names lack this host's name {host_name}"
    if any(part[:1].isdigit() for part in describe.subject(certificate).split(",") if "=" in part):
        # appliance-facts, 6: numeric object identifiers in a name break the SSH tunnels
        yield "the subject has an attribute without a known name, which breaks SSH tunnels of appliances"


def _wildcard(host_name: str) -> str:
    return f"dns:*.{host_name.partition('.')[2]}".casefold()


def chain_remarks(issuers: Iterable[x509.Certificate], now: datetime) -> Iterator[str]:
    """What is wrong with the intermediates that are sent along."""
    for issuer in issuers:
        name = describe.subject(issuer)
        state = describe.state(issuer, now)
        if state != "valid":
            yield f"the intermediate {name} is {state}"
        weak = describe.weak_digest(issuer)
        if weak:
            yield f"the intermediate {name} is signed with {weak}, which clients refuse"
        if not describe.is_ca(issuer):
            yield f"the intermediate {name} is no CA certificate"


def soon(start: datetime, end: datetime, now: datetime) -> bool:
    """Whether the end is near: 30 days before it, for short lives the last third, as the alarm says it.

    A fixed number of days is wrong for certificates that live for six days.
    """
    return now >= end - min(SOON, (end - start) / 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What is held against one certificate of a file."""

    where: str
    subject: str
    findings: tuple[str, ...]


def lint(contents: Contents, now: datetime) -> tuple[Linted, ...]:
    """Each certificate judged by what it is: a CA by RFC 5280, any other as a server's too."""
    if not contents.certificates:
        raise InvalidValue("the file holds no certificate", where=contents.name)
    return tuple(_linted(found, now) for found in contents.certificates)


def _linted(found: Found, now: datetime) -> Linted:
    certificate = describe.load(found.der, where=found.where)
    findings = (
        tuple(f"{item.field}: {item.text} ({item.section})" for item in violations(certificate))
        if describe.is_ca(certificate)
        else server_remarks(certificate, now)
    )
    return Linted(where=found.where, subject=describe.subject(certificate), findings=findings)
