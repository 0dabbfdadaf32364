"""What a file would add to the trust list, certificate by certificate, and what is odd about each (TR-1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from cryptography import x509

from xsec.errors import InvalidValue, Refused
from xsec.pki import compliance, describe
from xsec.pki import der as structure
from xsec.pki.container import Contents, Found
from xsec.pki.trust import KINDS, TRUST, EmbeddedCrl, Entry, TrustList, counts_for, plan_for
from xsec.state.plan import Plan
from xsec.state.snapshot import Snapshot

MAXIMUM_ENTRIES = 20_000  # rules.md, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an addition does with one certificate or CRL of a file: `added` or `present`."""

    where: str
    kind: str
    outcome: str
    name: str
    fingerprint: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What files would add to a trust list, certificate by certificate."""

    trust: TrustList
    outcomes: tuple[Outcome, ...]
    remarks: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every remark with its place."""
        told = (f"{item.where}: {remark}" for item in self.outcomes for remark in item.remarks)
        return (*told, *self.remarks)


def kinds_of(text: str | None) -> frozenset[str] | None:
    """The connection kinds of `--for`: names with commas between; None, where it was not given, means all."""
    if text is None:
        return None
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in KINDS:
            raise InvalidValue(f"no connection kind {name!r}", allowed=", ".join(KINDS))
    if not names:
        raise InvalidValue("--for names no connection kind", allowed=", ".join(KINDS))
    return frozenset(names)


def survey(
    trust: TrustList,
    contents: Iterable[Contents],
    now: datetime,
    *,
    kinds: frozenset[str] | None = None,
    force: bool = False,
) -> Addition:
    """What adding the files does: new certificates and CRLs at the end of the list, in their order.

    `force` takes a certificate that breaks RFC 5280 so that it is useless (BA-2).
    """
    work = _Adding(trust, now, kinds, force=force)
    for content in contents:
        _refuse_others(content)
        for found in content.certificates:
            work.certificate(found, content.name)
        for found in content.crls:
            work.crl(found, content.name)
        work.remarks += (*content.ignored, *content.warnings)
    if len(work.entries) > MAXIMUM_ENTRIES:
        raise Refused(
            f"the trust list would hold {len(work.entries)} certificates",
            allowed=f"at most {MAXIMUM_ENTRIES}",
        )
    after = TrustList(entries=tuple(work.entries.values()), crls=tuple(work.crls.values()))
    return Addition(trust=after, outcomes=tuple(work.outcomes), remarks=tuple(work.remarks))


def _refuse_others(content: Contents) -> None:
    if content.requests:
        raise InvalidValue(
            "this is a certificate request, which proves nothing yet: a CA makes a certificate from it",
            where=content.requests[0].where,
        )
    if not content.certificates and not content.crls:
        what = "a private key" if content.keys else "nothing that can be trusted"
        raise InvalidValue(f"the file holds {what} and no certificate", where=content.name)


class _Adding:
    """The lists while they grow, with the indexes that keep a long list quick."""

    def __init__(self, trust: TrustList, now: datetime, kinds: frozenset[str] | None, *, force: bool) -> None:
        self.now, self.kinds, self.force = now, kinds, force
        self.entries = {entry.digest: entry for entry in trust.entries}
        self.crls = {crl.digest: crl for crl in trust.crls}
        self.outcomes: list[Outcome] = []
        self.remarks: list[str] = []
        self._by_subject: dict[bytes, list[Entry]] = {}
        for entry in trust.entries:
            self._index(entry)

    def _index(self, entry: Entry) -> None:
        self._by_subject.setdefault(structure.names_of(entry.der).subject, []).append(entry)

    def certificate(self, found: Found, source: str) -> None:
        digest = sha256(found.der).hexdigest()
        certificate = describe.load(found.der, where=found.where)
        present = self.entries.get(digest)
        remarks = tuple(self._known(present)) if present else tuple(self._fresh(found, certificate))
        self._tell(found, "present" if present else "added", describe.subject(certificate), digest, remarks)
        if present is None:
            compliance.refuse_hard(certificate, found.where, force=self.force)
            entry = Entry(digest=digest, der=found.der, kinds=self.kinds, added=self.now, source=source)
            self.entries[digest] = entry
            self._index(entry)

    def _known(self, present: Entry) -> Iterator[str]:
        if self.kinds is not None and self.kinds != present.kinds:
            yield (
                f"already present, and still counts for {counts_for(present)}: "
                f"xsec trust remove {describe.short(present.digest)} first, then add it with --for"
            )

    def _fresh(self, found: Found, certificate: x509.Certificate) -> Iterator[str]:
        names = structure.names_of(found.der)
        for older in self._by_subject.get(names.subject, ()):
            former = structure.names_of(older.der)
            remove = f"xsec trust remove {describe.short(older.digest)}"
            if former.issuer == names.issuer:
                yield f"has issuer and subject of an older entry, which stays until you delete it: {remove}"
            if former.public_key != names.public_key:
                yield (
                    "has the subject of an older entry and another key: an appliance finds only the older "
                    f"one: {remove}"
                )
        yield from remarks_on(certificate, self.now)
        for item in compliance.violations(certificate):
            yield f"{item.field}: {item.text} ({item.section})"

    def crl(self, found: Found, source: str) -> None:
        digest = sha256(found.der).hexdigest()
        issuer = describe.issuer(x509.load_der_x509_crl(found.der))
        present = digest in self.crls
        remarks = () if present else ("it counts for ldap only; for the others: xsec crl upload",)
        self._tell(found, "present" if present else "added", issuer, digest, remarks)
        if not present:
            self.crls[digest] = EmbeddedCrl(digest=digest, der=found.der, added=self.now, source=source)

    def _tell(self, found: Found, outcome: str, name: str, digest: str, remarks: tuple[str, ...]) -> None:
        self.outcomes.append(
            Outcome(
                where=found.where,
                kind=found.kind.value,
                outcome=outcome,
                name=name,
                fingerprint=digest,
                remarks=remarks,
            )
        )


def remarks_on(certificate: x509.Certificate, now: datetime) -> Iterator[str]:
    """What is odd about a certificate as a trust anchor, a sentence each."""
    if not describe.is_ca(certificate):
        yield "is no CA certificate (no cA in basicConstraints): it vouches for itself only"
    state = describe.state(certificate, now)
    if state != "valid":
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        yield f"is {state} ({first:%Y-%m-%d} to {last:%Y-%m-%d})"
    weak = describe.weak_digest(certificate)
    if weak and describe.subject(certificate) != describe.issuer(certificate):
        yield f"is signed with {weak}"


def plan_add(
    snapshot: Snapshot,
    contents: Sequence[Contents],
    now: datetime,
    *,
    kinds: frozenset[str] | None = None,
    force: bool = False,
) -> Plan:
    """Add what files hold; what is present already is skipped (TR-1)."""
    addition = survey(snapshot[TRUST], contents, now, kinds=kinds, force=force)
    count = sum(item.outcome == "added" for item in addition.outcomes)
    plan = plan_for(snapshot, addition.trust, f"{count} added to the trust list")
    return replace(plan, warnings=addition.warnings)
