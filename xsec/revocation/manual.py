"""The manually uploaded CRLs: one file, replaced whole, and never by an older one unasked (CR-4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from xsec.errors import Damaged, InvalidValue, Refused
from xsec.pki import der as structure
from xsec.pki import describe
from xsec.pki.container import Contents, Found, reason
from xsec.pki.parse import Unreadable
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST, crl_issuer
from xsec.revocation.crl import crl as view
from xsec.state.plan import Plan
from xsec.state.snapshot import Section, Snapshot, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCrl:
    """A CRL with its provenance; `digest` is the SHA-256 of `der`, the object's name in the store."""

    digest: str
    der: bytes
    file: str
    uploaded: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualCrls:
    """What the last upload brought, in the order of its file."""

    crls: tuple[StoredCrl, ...] = ()


_KEYS = {"digest", "file", "uploaded"}


def _parse(tree: Tree, snapshot: Snapshot) -> ManualCrls:
    try:
        if set(tree) - {"manual"} or any(set(item) - _KEYS for item in tree.get("manual", ())):
            raise ValueError  # noqa: TRY301  (told below, like every other wrong shape)
        return ManualCrls(
            crls=tuple(
                StoredCrl(
                    digest=item["digest"],
                    der=bytes(snapshot.blob(item["digest"])),
                    file=item["file"],
                    uploaded=datetime.fromisoformat(item["uploaded"]),
                )
                for item in tree.get("manual", ())
            )
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Damaged("the section `crl` is not as xsec writes it", remedy="xsec config validate") from None


def _format(manual: ManualCrls) -> Tree:
    return {
        "manual": [
            {
                "digest": crl.digest,
                "file": crl.file,
                "uploaded": crl.uploaded.astimezone(UTC).isoformat(timespec="seconds"),
            }
            for crl in manual.crls
        ]
    }


def _check(manual: ManualCrls) -> None:
    for crl in manual.crls:
        load(crl.der, where=f"crl manual {crl.digest}")


MANUAL: Section[ManualCrls] = Section("crl", parse=_parse, format=_format, empty=ManualCrls(), check=_check)


# What a CRL says of itself -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A CRL in words; `number` is None where the field is missing, `next_update` where there is no end."""

    issuer: str
    number: int | None
    this_update: datetime
    next_update: datetime | None
    state: str
    scope: str
    delta: bool
    entries: int
    signature: str
    fingerprint: str


def fields(crl: Described) -> list[tuple[str, object]]:
    """A described CRL as names and values."""
    return [
        ("issuer", crl.issuer),
        ("number", crl.number),
        ("this update", crl.this_update),
        ("next update", crl.next_update),
        ("state", crl.state),
        ("scope", crl.scope),
        ("entries", crl.entries),
        ("signature", crl.signature),
        ("fingerprint", crl.fingerprint),
    ]


def load(der: bytes, *, where: str = "") -> x509.CertificateRevocationList:
    """The CRL as the library reads it; `InvalidValue` for one it refuses."""
    try:
        return x509.load_der_x509_crl(der)
    except describe.UNREADABLE:
        raise InvalidValue("the CRL is malformed", where=where) from None


def described(der: bytes, now: datetime) -> Described:
    """What an operator wants to see of a CRL."""
    crl = load(der)
    return Described(
        issuer=describe.issuer(crl),
        number=number(crl),
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        state=state(crl, now),
        scope=is_partial(crl) or "all certificates",
        delta=describe.extension(crl, x509.DeltaCRLIndicator) is not None,
        entries=len(crl),
        signature=describe.signature(crl),
        fingerprint=describe.fingerprint(der),
    )


def number(crl: x509.CertificateRevocationList) -> int | None:
    """The CRL number (RFC 5280, 5.2.3)."""
    found = describe.extension(crl, x509.CRLNumber)
    return None if found is None else found.crl_number


def state(crl: x509.CertificateRevocationList, now: datetime) -> str:
    """`current` from thisUpdate until nextUpdate, which does not belong to it (rules.md CL-1)."""
    if crl.next_update_utc is None:
        return "unusable: no nextUpdate"
    if now < crl.last_update_utc:
        return "not yet valid"
    return "current" if now < crl.next_update_utc else "expired"


def unreadable(crl: x509.CertificateRevocationList) -> str:
    """Why the CRL's extensions cannot be read, so that nobody knows what it covers; empty when they can."""
    try:
        faults = view(crl.public_bytes(Encoding.DER)).extensions.faults()
        tuple(crl.extensions)  # the library's own reading counts as well: what follows uses it
    except (Unreadable, *describe.UNREADABLE) as error:
        return f"an extension cannot be read: {reason(error)}"
    return f"an extension cannot be read: {' '.join(faults[0]).strip()}" if faults else ""


def is_partial(crl: x509.CertificateRevocationList) -> str:
    """For which part of the certificates the CRL speaks; an empty text when for all (RFC 5280, 5.2.5).

    One whose extensions cannot be read never speaks for all.
    """
    if unreadable(crl):
        return f"unknown: {unreadable(crl)}"
    delta = describe.extension(crl, x509.DeltaCRLIndicator) is not None
    point = describe.extension(crl, x509.IssuingDistributionPoint)
    if point is None:
        return "delta" if delta else ""
    flags = (
        (point.indirect_crl, "indirect"),
        (delta, "delta"),
        (point.only_contains_user_certs, "end entities only"),
        (point.only_contains_ca_certs, "CAs only"),
        (point.only_contains_attribute_certs, "attribute certificates only"),
        (point.only_some_reasons is not None, "some reasons only"),
        (point.full_name is not None or point.relative_name is not None, "one distribution point"),
    )
    return ", ".join(text for flag, text in flags if flag)


_IDP = bytes.fromhex("0603551d1c")
_DELTA = bytes.fromhex("0603551d1b")


def _scope(der: bytes) -> tuple[bytes, bytes, bool]:
    """Issuer, issuing distribution point as it stands, and whether it is a delta: what CL-12 compares by."""
    signed = next(structure.elements(der, structure.element(der, 0, len(der)).content, len(der)))
    point, delta = b"", False
    for part in structure.elements(der, signed.content, signed.end):
        if part.tag == 0xA0:  # crlExtensions, the only ones that lie at this level
            for item in structure.children(der, structure.children(der, part)[0]):
                text = structure.content(der, item)
                point = text if text.startswith(_IDP) else point
                delta = delta or text.startswith(_DELTA)
    return crl_issuer(der), point, delta


# Uploading -----------------------------------------------------------------------------------------------


def plan_upload(
    snapshot: Snapshot, content: Contents, now: datetime, *, allow_older: bool = False, force: bool = False
) -> Plan:
    """Replace the manual CRLs by those of a file; `warnings` name each CA that loses its CRL.

    Refused: a CRL that no known CA signed, that has no nextUpdate or an extension that cannot be read (unless
    `force`), and one that is older than a present one of the same issuer and scope (unless `allow_older`;
    rules.md CL-12).
    """
    _refuse_others(content)
    before = snapshot[MANUAL]
    former = tuple(filter(_reads, before.crls))
    found = {sha256(item.der).hexdigest(): item for item in content.crls}
    warnings: list[str] = []
    for item in found.values():
        crl = load(item.der, where=item.where)
        warnings += _signed_or_refused(snapshot, item, crl, force=force)
        warnings += _usable_or_refused(item, crl, now, force=force)
        if not allow_older:
            _refuse_older(item, crl, former)
    after = tuple(
        StoredCrl(digest=digest, der=item.der, file=content.name, uploaded=now)
        for digest, item in found.items()
    )
    warnings += losing(former, after)
    same = {crl.digest for crl in before.crls} == set(found)
    plan = _plan(
        snapshot, before if same else ManualCrls(crls=after), f"{len(after)} CRLs from {content.name}"
    )
    return replace(plan, warnings=(*content.warnings, *content.ignored, *warnings))


def plan_remove(snapshot: Snapshot) -> Plan:
    """Remove the manual CRLs; `warnings` name each CA that loses its CRL."""
    before = tuple(filter(_reads, snapshot[MANUAL].crls))
    plan = _plan(snapshot, ManualCrls(), "manual CRLs removed")
    return replace(plan, warnings=losing(before, ()))


def _reads(crl: StoredCrl) -> bool:
    """Whether it is a CRL at all: what is none must not keep others from taking its place."""
    try:
        load(crl.der)
    except InvalidValue:
        return False
    return True


def question(snapshot: Snapshot, content: Contents) -> str:
    """What to ask before an upload by which CAs lose their CRL; empty where none does."""
    kept = {crl_issuer(item.der) for item in content.crls}
    gone = {crl_issuer(crl.der) for crl in snapshot[MANUAL].crls if _reads(crl)} - kept
    if not gone:
        return ""
    return (
        f"{len(gone)} CAs lose their CRL by this, and with it all that tells of revoked certificates. Go on?"
    )


def losing(before: Sequence[StoredCrl], after: Sequence[StoredCrl]) -> tuple[str, ...]:
    """A sentence for each CA whose CRL is in `before` and not in `after` (CR-4, rules.md SR-4)."""
    kept = {crl_issuer(crl.der) for crl in after}
    gone = {crl_issuer(crl.der): crl for crl in before if crl_issuer(crl.der) not in kept}
    return tuple(
        f"{describe.issuer(load(crl.der))} loses its CRL: nothing then tells of its revoked certificates"
        for crl in gone.values()
    )


def _refuse_others(content: Contents) -> None:
    if content.certificates:
        raise InvalidValue(
            "this is a certificate, and a CRL file holds CRLs only",
            where=content.certificates[0].where,
            remedy=f"xsec trust add {content.name}",
        )
    if not content.crls:
        raise InvalidValue("the file holds no CRL", where=content.name)


def _signed_or_refused(
    snapshot: Snapshot, item: Found, crl: x509.CertificateRevocationList, *, force: bool
) -> Iterator[str]:
    name = describe.issuer(crl)
    issuers = tuple(issuers_of(snapshot, item.der))
    if any(is_signed_by(crl, issuer) for issuer in issuers):
        return
    what = (
        f"the CRL of {name} is not signed by the key of that CA in the trust list"
        if issuers
        else f"the CRL is of {name}, which is neither in the trust list nor in the server's chain"
    )
    if not force:
        remedy = "xsec trust add FILE with the CA's certificate; --force keeps the CRL all the same"
        raise Refused(what, where=item.where, remedy=remedy)
    yield f"{item.where}: {what}; kept by --force"


def issuers_of(snapshot: Snapshot, crl: bytes) -> Iterator[bytes]:
    """The CA certificates at hand that have the CRL's issuer name: trust list first, then own chain."""
    name = crl_issuer(crl)
    server = snapshot[IDENTITIES].server
    known = [entry.der for entry in snapshot[TRUST].entries]
    for der in dict.fromkeys((*known, *(server.chain if server else ()))):
        if structure.names_of(der).subject == name:
            yield der


def is_signed_by(crl: x509.CertificateRevocationList, issuer: bytes) -> bool:
    """Whether the CA's key made the signature over the CRL."""
    key = describe.public_key(describe.load(issuer))
    try:
        return key is not None and crl.is_signature_valid(key)
    except describe.UNREADABLE:
        return False


def _usable_or_refused(
    item: Found, crl: x509.CertificateRevocationList, now: datetime, *, force: bool
) -> Iterator[str]:
    if crl.next_update_utc is None and not force:
        raise Refused(
            "the CRL has no nextUpdate, so that nothing says until when it counts (RFC 5280, 5.1.2.5)",
            where=item.where,
            remedy="--force keeps it; it makes no certificate good",
        )
    fault = unreadable(crl)
    if fault and not force:
        raise Refused(
            f"the CRL of {describe.issuer(crl)} may cover a part only: {fault}",
            where=item.where,
            remedy="--force keeps it; it makes no certificate good",
        )
    if fault:
        yield f"{item.where}: {fault}; kept by --force"
    now_state = state(crl, now)
    if now_state == "expired":
        yield (
            f"{item.where}: the CRL of {describe.issuer(crl)} expired {crl.next_update_utc:%Y-%m-%d %H:%M}Z: "
            "every certificate of that CA counts as revoked"
        )
    elif now_state != "current":
        yield f"{item.where}: the CRL of {describe.issuer(crl)} is {now_state}"
    if number(crl) is None:
        yield f"{item.where}: the CRL has no number (RFC 5280, 5.2.3): an older one cannot be told from it"


def _refuse_older(item: Found, crl: x509.CertificateRevocationList, present: Iterable[StoredCrl]) -> None:
    """CL-12: within an issuer and scope the number only rises, and one number has one content."""
    scope, digest = _scope(item.der), sha256(item.der).hexdigest()
    for stored in present:
        if stored.digest == digest or _scope(stored.der) != scope:
            continue
        former = load(stored.der)
        was, now = number(former), number(crl)
        if was is not None and now is not None and now == was:
            raise _rollback(f"has number {now} as the present one and other content", item, former)
        if was is not None and (now is None or now < was):
            raise _rollback(f"has number {now}, the present one has {was}", item, former)
        if crl.last_update_utc < former.last_update_utc:
            what = f"was made {crl.last_update_utc:%Y-%m-%d %H:%M:%S}Z, before the present one"
            raise _rollback(what, item, former)


def _rollback(what: str, item: Found, former: x509.CertificateRevocationList) -> Refused:
    return Refused(
        f"crl_rollback: the CRL of {describe.issuer(former)} {what}",
        where=item.where,
        allowed="a higher number and a later thisUpdate",
        remedy="xsec crl upload FILE --allow-older, for a CA that was rebuilt from a backup",
    )


def _plan(snapshot: Snapshot, after: ManualCrls, summary: str) -> Plan:
    before = snapshot[MANUAL]
    if after == before:
        return Plan(base=snapshot.generation, summary=summary)
    known = {crl.digest for crl in before.crls}
    return Plan(
        base=snapshot.generation,
        summary=summary,
        sections={MANUAL.name: MANUAL.format(after) if after.crls else None},
        objects={crl.digest: crl.der for crl in after.crls if crl.digest not in known},
    )
