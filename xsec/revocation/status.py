"""The revocation status of the certificates of one path, from CRLs at hand (RFC 5280, 6.3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, unique

from xsec.pki.parse import CertificateView
from xsec.pki.path.budget import Budget
from xsec.pki.path.build import PathFinder
from xsec.pki.path.validate import Path
from xsec.pki.verdict import Check, Duty, Outcome, first_failure
from xsec.revocation import scope
from xsec.revocation.crl import REMOVE_FROM_CRL, CrlView, Entry
from xsec.revocation.policy import Checking, RevocationPolicy, Undetermined
from xsec.revocation.signer import Signer, Signers

CODE = "cert_revoked"
_COST = 100  # steps of the budget for one status: CRL issuers may have CRL issuers


@unique
class Status(Enum):
    """What is known; `FAILED` rejects whatever the fallback is: the newest CRL has expired (SR-2)."""

    GOOD = "good"
    REVOKED = "revoked"
    UNDETERMINED = "undetermined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one source said about one certificate; `reasons` are the reason flags it answers for."""

    source: str
    status: Status
    code: str = ""
    detail: str = ""
    number: int | None = None
    this_update: datetime | None = None
    next_update: datetime | None = None
    reasons: frozenset[int] = frozenset()
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The status of one certificate and what it rests on."""

    status: Status
    code: str
    detail: str
    evidence: tuple[Evidence, ...] = ()


def duties(length: int, policy: RevocationPolicy, *, trusted: bool = False) -> frozenset[Duty]:
    """The certificates of a path whose status must be known: those below the anchor, or the end entity."""
    if policy.checking is Checking.OFF or trusted:
        return frozenset()
    return frozenset((CODE, depth) for depth in range(length if policy.checking is Checking.ALL else 1))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A CRL that answers for the certificate, with its signer and the reasons it covers."""

    crl: CrlView
    signer: Signer
    reasons: frozenset[int]

    @property
    def order(self) -> tuple[int, datetime]:
        return (-1 if self.crl.number is None else self.crl.number, self.crl.this_update)


class Revocation:
    """Judges paths for one decision.

    `validate` makes the checks of section 6 on the path of a CRL issuer.  Adding CRLs can only bring in
    what is authentic below the same anchor; their order does not matter.
    """

    def __init__(
        self,
        crls: Iterable[CrlView],
        policy: RevocationPolicy,
        *,
        finder: PathFinder,
        validate: Callable[[Path], tuple[Check, ...]],
        at: datetime,
        budget: Budget,
    ) -> None:
        self._by_issuer: dict[object, list[CrlView]] = {}
        for crl in {crl.digest: crl for crl in crls}.values():
            self._by_issuer.setdefault(crl.issuer, []).append(crl)
        self.policy, self.at, self.budget = policy, at, budget
        self._validate = validate
        self._signers = Signers(finder, budget)
        self._found: dict[tuple[str, int], Signer] = {}
        self._progress: list[bytes] = []
        self._revoked: dict[bytes, Answer] = {}

    def check(self, path: Path) -> tuple[tuple[Check, ...], tuple[tuple[int, Answer], ...]]:
        """The check of each certificate that the policy wants checked, from the anchor down."""
        self._found = {}
        known = self._revoked.get(path.certificates[0].der) if path.trusted else None
        if known is not None:
            return (self._told(known, 0),), ((0, known),)
        depths = sorted(
            (d for _, d in duties(len(path.certificates), self.policy, trusted=path.trusted)), reverse=True
        )
        answers = tuple((depth, self._remembered(path, depth)) for depth in depths)
        return tuple(self._told(answer, depth) for depth, answer in answers), answers

    def _remembered(self, path: Path, depth: int) -> Answer:
        """The status; what another path showed to be revoked is not accepted for want of an answer."""
        der = path.certificates[depth].der
        answer = self.status(path, depth)
        if answer.status is Status.REVOKED:
            self._revoked.setdefault(der, answer)
        elif answer.status is Status.UNDETERMINED and der in self._revoked:
            return self._revoked[der]
        return answer

    def _told(self, answer: Answer, depth: int) -> Check:
        ref = "RFC 5280, 6.3.3"
        match answer.status:
            case Status.GOOD:
                return Check(CODE, depth, Outcome.PASSED, answer.detail, ref)
            case Status.UNDETERMINED if self.policy.undetermined is Undetermined.ACCEPT:
                detail = f"not determined ({answer.code}: {answer.detail}); the policy accepts that"
                return Check(CODE, depth, Outcome.WARNED, detail, ref)
            case _:
                return Check(answer.code, depth, Outcome.FAILED, answer.detail, ref)

    # One certificate ----------------------------------------------------------------------------------

    def status(self, path: Path, depth: int) -> Answer:
        """The status of the certificate at `depth`."""
        self.budget.step(_COST)
        view = path.certificates[depth]
        self._progress.append(view.der)
        try:
            evidence: list[Evidence] = []
            complete, deltas = self._authentic(path, depth, evidence)
            self._judge(view, complete, deltas, evidence)
        finally:
            self._progress.pop()
        return _summed(view, tuple(evidence))

    def _authentic(self, path: Path, depth: int, evidence: list[Evidence]) -> tuple[list[_Seen], list[_Seen]]:
        """The complete CRLs and the deltas that answer for the certificate and are signed as they must be."""
        view = path.certificates[depth]
        complete: list[_Seen] = []
        deltas: list[_Seen] = []
        for issuer in scope.issuers(view):
            for crl in self._by_issuer.get(issuer, ()):
                covered = scope.reasons(view, crl)
                if covered is None:
                    evidence.append(_about(crl, Status.UNDETERMINED, "different_crl_scope", "is for others"))
                    continue
                signer = self._signer(crl, path, depth)
                if signer.key is None:
                    evidence.append(_about(crl, Status.UNDETERMINED, signer.code, signer.detail))
                else:
                    (deltas if crl.is_delta else complete).append(_Seen(crl, signer, covered))
        return complete, deltas

    def _signer(self, crl: CrlView, path: Path, depth: int) -> Signer:
        """The signer; remembered for this path only, and only where no answer was taken for granted."""
        key = (crl.digest, depth)
        if len(self._progress) > 1 or key not in self._found:
            found = self._signers.find(crl, path, depth, self._trusted)
            if len(self._progress) > 1:
                return found
            self._found[key] = found
        return self._found[key]

    def _trusted(self, path: Path) -> bool:
        """Whether the path of a CRL issuer is valid, and none of it is revoked.

        A certificate whose status is being determined counts as good here: its own answer rejects it
        otherwise.  That is what lets a CA sign the CRL for its own key change (RFC 5280, 6.3.3 f).
        """
        if first_failure(self._validate(path)):
            return False
        for depth, view in enumerate(path.certificates):
            if path.trusted or view.der in self._progress:
                continue
            if self._told(self.status(path, depth), depth).outcome is Outcome.FAILED:
                return False
        return True

    # Entries and time ---------------------------------------------------------------------------------

    def _judge(
        self, view: CertificateView, complete: list[_Seen], deltas: list[_Seen], evidence: list[Evidence]
    ) -> None:
        """Add what each CRL says that no newer one of its issuer, key and scope supersedes (CL-12)."""
        evidence += (
            self._said(view, seen, deltas)
            for seen in complete
            if not any(_supersedes(other, seen, self) for other in complete)
        )
        evidence += (
            self._said_alone(view, seen, complete)
            for seen in deltas
            if not any(_of_one_list(seen, other) and other.order >= seen.order for other in complete)
            and not self._settled(view, seen, deltas)
        )

    def _said_alone(self, view: CertificateView, delta: _Seen, complete: list[_Seen]) -> Evidence:
        """What a delta says: an entry rejects; that there is none says nothing (CL-8)."""
        entry = self._entry(view, delta.crl)
        if entry is not None and entry.reason != REMOVE_FROM_CRL:
            return _listed(delta.crl, entry)
        if any(_builds_on(delta, other) for other in complete):
            return _about(delta.crl, Status.UNDETERMINED, "", "a delta CRL with its base")
        return _about(delta.crl, Status.UNDETERMINED, "unable_to_get_crl", "a delta CRL without its base")

    def _settled(self, view: CertificateView, delta: _Seen, deltas: list[_Seen]) -> bool:
        """Whether a newer usable delta of the same list names the certificate."""
        return any(
            _of_one_list(other, delta)
            and other.order > delta.order
            and self._usable(other.crl)
            and self._entry(view, other.crl) is not None
            for other in deltas
        )

    def _entry(self, view: CertificateView, crl: CrlView) -> Entry | None:
        self.budget.entry(crl.bound)
        return crl.lookup(view.serial, view.issuer)

    def _said(self, view: CertificateView, seen: _Seen, deltas: list[_Seen]) -> Evidence:
        """What a complete CRL says, brought up to date by its deltas."""
        crl = seen.crl
        entry = self._entry(view, crl)
        if entry is not None and entry.reason != REMOVE_FROM_CRL and not self._removed(view, seen, deltas):
            return _listed(crl, entry)
        if crl.fault:
            return _about(crl, Status.UNDETERMINED, "unusable_crl", crl.fault)
        if crl.is_early(self.at, skew=self.policy.skew):
            return _about(crl, Status.UNDETERMINED, "crl_not_yet_valid", f"from {_time(crl.this_update)}")
        if crl.next_update is None:
            return _about(crl, Status.UNDETERMINED, "unusable_crl", "no nextUpdate")
        if crl.is_expired(self.at):
            detail = f"the newest CRL expired {_time(crl.next_update)}"
            return _about(crl, Status.FAILED, "crl_has_expired", detail, seen.reasons)
        return _about(crl, Status.GOOD, "", "not listed", seen.reasons)

    def _removed(self, view: CertificateView, seen: _Seen, deltas: list[_Seen]) -> bool:
        """Whether the newest usable delta that names the certificate takes it off the list (CL-9)."""
        usable = [d for d in deltas if _builds_on(d, seen) and self._usable(d.crl)]
        for delta in sorted(usable, key=lambda item: item.order, reverse=True):
            entry = self._entry(view, delta.crl)
            if entry is not None:
                return entry.reason == REMOVE_FROM_CRL
        return False

    def _usable(self, crl: CrlView) -> bool:
        return not crl.fault and crl.is_current(self.at, skew=self.policy.skew)


def _of_one_list(left: _Seen, right: _Seen) -> bool:
    """Whether two CRLs have issuer, key and scope in common."""
    return (
        left.crl.issuer == right.crl.issuer
        and left.signer.key == right.signer.key
        and left.crl.scope_octets == right.crl.scope_octets
    )


def _supersedes(newer: _Seen, older: _Seen, revocation: Revocation) -> bool:
    """Whether `newer` takes the place of `older`; one that can prove nothing does not."""
    if newer is older or newer.crl.fault or not _of_one_list(newer, older):
        return False
    early = newer.crl.is_early(revocation.at, skew=revocation.policy.skew)
    return not early and newer.order > older.order and newer.crl.next_update is not None


def _builds_on(delta: _Seen, complete: _Seen) -> bool:
    """Whether the delta brings this complete CRL up to date (RFC 5280, 6.3.3 c; CL-8)."""
    base, number, latest = delta.crl.base, complete.crl.number, delta.crl.number
    if base is None or number is None or latest is None:
        return False
    same_key = delta.crl.authority_key == complete.crl.authority_key
    return _of_one_list(delta, complete) and same_key and base <= number < latest


def _about(
    crl: CrlView, status: Status, code: str, detail: str, reasons: frozenset[int] = frozenset()
) -> Evidence:
    return Evidence(
        source=f"{crl.title} ({crl.source})" if crl.source else crl.title,
        status=status,
        code=code,
        detail=detail,
        number=crl.number,
        this_update=crl.this_update,
        next_update=crl.next_update,
        reasons=reasons,
    )


def _listed(crl: CrlView, entry: Entry) -> Evidence:
    when = "" if entry.revoked is None else f" {_time(entry.revoked)}"
    return Evidence(
        source=f"{crl.title} ({crl.source})" if crl.source else crl.title,
        status=Status.REVOKED,
        code=CODE,
        detail=f"revoked{when}, reason {entry.reason_text}",
        number=crl.number,
        this_update=crl.this_update,
        next_update=crl.next_update,
        revoked=entry.revoked,
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _summed(view: CertificateView, evidence: tuple[Evidence, ...]) -> Answer:
    """One status of all evidence: revoked first, good only when every reason is covered (CL-5)."""
    covered: frozenset[int] = frozenset().union(*(e.reasons for e in evidence if e.status is Status.GOOD))
    for said in evidence:
        if said.status is Status.REVOKED:
            return Answer(
                status=Status.REVOKED, code=CODE, detail=f"{said.detail}; {said.source}", evidence=evidence
            )
    if covered >= scope.ALL_REASONS:
        good = next(e for e in evidence if e.status is Status.GOOD)
        return Answer(status=Status.GOOD, code="", detail=f"not listed in {good.source}", evidence=evidence)
    for said in evidence:
        if said.status is Status.FAILED and said.reasons - covered:
            return Answer(
                status=Status.FAILED,
                code=said.code,
                detail=f"{said.detail}; {said.source}",
                evidence=evidence,
            )
    return Answer(
        status=Status.UNDETERMINED, code=_why(evidence), detail=_how(view, evidence), evidence=evidence
    )


def _why(evidence: tuple[Evidence, ...]) -> str:
    codes = [said.code for said in evidence if said.code and said.code != "different_crl_scope"]
    return codes[0] if codes else "unable_to_get_crl"


def _how(view: CertificateView, evidence: tuple[Evidence, ...]) -> str:
    for said in evidence:
        if said.code and said.code != "different_crl_scope":
            return f"{said.detail}; {said.source}"
    if any(said.status is Status.GOOD for said in evidence):
        return f"the CRLs at hand do not cover every reason for {view.title}"
    return f"no CRL at hand answers for {view.title}"
