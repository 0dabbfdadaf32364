"""Whether a certificate stands in the CRLs at hand, and which CRL says so (CR-9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from xsec.pki import der as structure
from xsec.pki import describe
from xsec.pki.trust import TRUST, crl_issuer
from xsec.revocation import manual
from xsec.revocation.manual import MANUAL
from xsec.revocation.status import Status
from xsec.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one CRL says about the certificate."""

    source: str
    status: Status
    detail: str
    issuer: str
    number: int | None
    this_update: datetime
    next_update: datetime | None
    reason: str | None = None
    revocation_date: datetime | None = None
    invalidity_date: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer, and what each CRL of the certificate's issuer says."""

    certificate: str
    issuer: str
    serial: str
    status: Status
    detail: str
    evidence: tuple[Said, ...]


def check(snapshot: Snapshot, certificate: bytes, now: datetime, *, issuers: Sequence[bytes] = ()) -> Answer:
    """What the manual and embedded CRLs say of a certificate: an entry anywhere wins (rules.md CL-13).

    No path is built here: the CRL's signature is checked with the CA certificates of its name that are at
    hand, and those of `issuers`.  Lists for a part of the certificates, and deltas, can say `revoked` and
    never `good`.
    """
    leaf = describe.load(certificate)
    evidence = tuple(_evidence(snapshot, certificate, leaf, now, issuers))
    status, detail = _summary(evidence)
    return Answer(
        certificate=describe.subject(leaf),
        issuer=describe.issuer(leaf),
        serial=describe.serial(leaf.serial_number),
        status=status,
        detail=detail,
        evidence=evidence,
    )


def _summary(evidence: tuple[Said, ...]) -> tuple[Status, str]:
    # an entry revokes wherever it stands; to be good takes a CRL that counts for more than ldap (TR-4)
    counting = [said for said in evidence if said.source.startswith("manual")]
    for wanted, asked in ((Status.REVOKED, evidence), (Status.GOOD, counting), (Status.FAILED, counting)):
        for said in asked:
            if said.status is wanted:
                return wanted, said.detail
    if counting:
        return Status.UNDETERMINED, counting[0].detail
    if evidence:
        return Status.UNDETERMINED, "only a CRL embedded in the trust list, which counts for ldap"
    return Status.UNDETERMINED, "there is no CRL of this issuer"


def _evidence(
    snapshot: Snapshot, certificate: bytes, leaf: x509.Certificate, now: datetime, issuers: Sequence[bytes]
) -> Iterator[Said]:
    wanted = structure.names_of(certificate).issuer
    held = [(f"manual: {crl.file}", crl.der) for crl in snapshot[MANUAL].crls]
    held += [(f"embedded: {crl.source}", crl.der) for crl in snapshot[TRUST].crls]
    for source, der in held:
        if crl_issuer(der) == wanted:
            signers = (*manual.issuers_of(snapshot, der), *issuers)
            yield _said(source, der, leaf, signers, now)


def _said(source: str, der: bytes, leaf: x509.Certificate, signers: Sequence[bytes], now: datetime) -> Said:
    crl = manual.load(der, where=source)
    entry = crl.get_revoked_certificate_by_serial_number(leaf.serial_number)
    status, detail = _status(signers, crl, entry, now)
    listed = entry is not None
    return Said(
        source=source,
        status=status,
        detail=detail,
        issuer=describe.issuer(crl),
        number=manual.number(crl),
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        reason=reason_of(entry) if listed else None,
        revocation_date=entry.revocation_date_utc if entry is not None else None,
        invalidity_date=_invalidity(entry),
    )


def _status(
    signers: Sequence[bytes],
    crl: x509.CertificateRevocationList,
    entry: x509.RevokedCertificate | None,
    now: datetime,
) -> tuple[Status, str]:
    if not any(manual.is_signed_by(crl, signer) for signer in signers):
        return Status.UNDETERMINED, "no CA certificate at hand verifies the CRL's signature"
    state = manual.state(crl, now)
    partial = manual.is_partial(crl)
    if entry is not None and not partial.startswith("indirect"):
        return Status.REVOKED, f"listed: {reason_of(entry)}"
    if state == "expired":
        return Status.FAILED, "crl_has_expired: every certificate of this CA counts as revoked"
    if state != "current":
        return Status.UNDETERMINED, f"the CRL is {state}"
    if partial:
        return Status.UNDETERMINED, f"not listed in a CRL that covers a part ({partial})"
    return Status.GOOD, "not listed"


def reason_of(entry: x509.RevokedCertificate | None) -> str:
    """The reason by its name in RFC 5280, 5.3.1; an absent one is `unspecified`."""
    if entry is None:
        return ""
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except (x509.ExtensionNotFound, *describe.UNREADABLE):
        return "unspecified"


def _invalidity(entry: x509.RevokedCertificate | None) -> datetime | None:
    if entry is None:
        return None
    try:
        return entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc
    except (x509.ExtensionNotFound, *describe.UNREADABLE):
        return None
