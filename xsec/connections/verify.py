"""Is this certificate good for this use?  Each candidate path is validated, then held against the CRLs.

A path on which the status of every certificate is known is accepted at once.  One that rests on the fallback
waits until every other path has said what it knows: revoked beats undetermined (rules.md PA-2, SR-4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from xsec.pki.parse import CertificateView, Unreadable, certificate
from xsec.pki.path import validate
from xsec.pki.path.budget import Budget, BudgetExhausted, Limits
from xsec.pki.path.build import Anchors, DeadEnd, PathFinder, Pool
from xsec.pki.path.validate import Inputs, Path
from xsec.pki.verdict import Candidate, Check, Duty, Outcome, Verdict, first_failure
from xsec.revocation import status
from xsec.revocation.crl import CrlView, crl
from xsec.revocation.policy import OFF, Checking, RevocationPolicy
from xsec.revocation.status import Answer, Revocation, Status

MAXIMUM_CANDIDATES = 32
"""Candidates that are told; those beyond are counted."""

_ANSWERED: frozenset[Duty] = frozenset((("trust_anchor", 0),))
"""The duty of a verdict without a path: it is never done, so that such a verdict cannot accept."""

_REJECTS = frozenset((Status.REVOKED, Status.FAILED))
"""What is so definite that it holds on every path: listed, or by SR-2 as good as listed."""


_OCTETS_A_STEP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A certificate with what came along, and the use it is to be judged for."""

    certificate: bytes
    intermediates: tuple[bytes, ...] = ()
    inputs: Inputs
    revocation: RevocationPolicy = OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict, and for each depth what was learnt about revocation."""

    verdict: Verdict
    revocation: tuple[tuple[int, Answer], ...] = ()


def read_crls(ders: Iterable[tuple[bytes, str]]) -> tuple[tuple[CrlView, ...], tuple[str, ...]]:
    """The readable ones of some CRLs, each with its source; and what is told of the others."""
    found, notes = [], []
    for der, source in ders:
        try:
            found.append(crl(der, source))
        except Unreadable as error:
            notes.append(f"a CRL is left out: {error}" + (f" ({source})" if source else ""))
    return tuple(found), tuple(notes)


def decide(
    question: Question,
    anchors: Anchors,
    crls: Sequence[CrlView] = (),
    *,
    limits: Limits | None = None,
) -> Decision:
    """Judge a certificate; the first path on which every duty is done and nothing failed is accepted.

    A path that rests on the fallback comes after all others, and only when none of them knows better.
    Times of certificates and CRLs are whole seconds, and so is the moment: a fraction of it is cut off.
    """
    if question.inputs.at.microsecond:
        whole = replace(question.inputs, at=question.inputs.at.replace(microsecond=0))
        question = replace(question, inputs=whole)
    try:
        view = certificate(question.certificate)
    except Unreadable as error:
        check = Check(
            "unreadable_certificate", 0, Outcome.FAILED, f"this is no certificate: {error}", "RFC 5280, 4.1"
        )
        return Decision(verdict=Verdict(at=question.inputs.at, duties=_ANSWERED, checks=(check,)))
    return _Judging(question, view, anchors, crls, Budget(limits)).run()


class _Judging:
    """One decision under way: the paths considered so far, and the one that came furthest."""

    def __init__(
        self,
        question: Question,
        view: CertificateView,
        anchors: Anchors,
        crls: Sequence[CrlView],
        budget: Budget,
    ) -> None:
        self.question, self.view, self.anchors, self.budget = question, view, anchors, budget
        self.pool = Pool(question.intermediates)
        self.finder = PathFinder(anchors, self.pool, at=question.inputs.at, budget=budget)
        self.revocation = Revocation(
            crls,
            question.revocation,
            finder=self.finder,
            validate=self._validate_issuer,
            at=question.inputs.at,
            budget=budget,
        )
        self.candidates: list[Candidate] = []
        self.best: tuple[int, Decision] | None = None
        self.waiting: list[Decision] = []
        self.rejected: dict[str, Answer] = {}  # by digest: what some path knows to be revoked
        self.informed = bool(crls)
        self.left_out = 0

    def run(self) -> Decision:
        exhausted: BudgetExhausted | None = None
        try:
            for path in self.finder.paths(self.view):
                decision = self._judge(path)
                if decision.verdict.accepted and self._stands(path, decision):
                    return decision
                if decision.verdict.accepted:
                    self.waiting.append(decision)
            if found := self._undisputed():
                return found
            if self.best is None:
                self._explain()
        except BudgetExhausted as error:
            exhausted = error
        return self._rejected(exhausted)

    def _stands(self, path: Path, decision: Decision) -> bool:
        """Whether no other path can matter: all is known here, or there is no CRL to know anything by."""
        return not self.informed or not (decision.verdict.by_fallback or path.trusted)

    def _undisputed(self) -> Decision | None:
        """The first waiting decision that no other path contradicts; those before it are told as failed."""
        for decision in self.waiting:
            failure = self._contradiction(decision)
            if failure is None:
                verdict = replace(decision.verdict, candidates=tuple(self.candidates), notes=self._notes())
                return replace(decision, verdict=verdict)
            digests = (*decision.verdict.path, decision.verdict.anchor)
            self.candidates = [
                replace(told, failure=failure) if told.digests == digests else told
                for told in self.candidates
            ]
        return None

    def _contradiction(self, decision: Decision) -> Check | None:
        """What another path knows of a certificate of this one, good ones included.

        That a certificate is good may be told by a CA whose own status is the one that is not determined.
        """
        for depth, _ in decision.revocation:
            known = self.rejected.get(decision.verdict.path[depth])
            if known is not None:
                return Check(known.code, depth, Outcome.FAILED, known.detail, "RFC 5280, 6.3.3")
        return None

    def _validate_issuer(self, path: Path) -> tuple[Check, ...]:
        """The checks on a CRL issuer's path: any purpose, any policy (RFC 5280, 6.3.3 f)."""
        return validate.checks(path, Inputs(at=self.question.inputs.at), self.budget)

    def _judge(self, path: Path) -> Decision:
        inputs, policy = self.question.inputs, self.question.revocation
        # validating a path costs time that grows with its octets, and a mesh has very many paths
        self.budget.step(sum(len(view.der) for view in path.certificates) // _OCTETS_A_STEP)
        made = validate.checks(path, inputs, self.budget)
        answers: tuple[tuple[int, Answer], ...] = ()
        valid = first_failure(made) is None
        if valid:
            more, answers = self.revocation.check(path)
            made = (*made, *(more or _unasked(path, policy)))
            for depth, answer in answers:
                if answer.status in _REJECTS:
                    self.rejected.setdefault(path.certificates[depth].digest, answer)
        length = len(path.certificates)
        wanted = validate.duties(length, inputs) | status.duties(length, policy, trusted=path.trusted)
        self._tell((*path.certificates, path.anchor), True, first_failure(made))
        decision = self._decision(made, wanted, path.certificates, path.anchor, answers)
        # one that is accepted may have to wait: as evidence of a rejection it comes last
        self._keep(0 if decision.verdict.accepted else 3 if valid else 2, decision)
        return decision

    def _decision(
        self,
        made: tuple[Check, ...],
        wanted: frozenset[Duty],
        certificates: Sequence[CertificateView],
        anchor: CertificateView | None = None,
        answers: tuple[tuple[int, Answer], ...] = (),
    ) -> Decision:
        fallback = any(c.code == status.CODE and c.outcome is Outcome.WARNED for c in made)
        verdict = Verdict(
            at=self.question.inputs.at,
            duties=wanted,
            checks=made,
            path=tuple(view.digest for view in certificates),
            subjects=tuple(view.title for view in (*certificates, *((anchor,) if anchor else ()))),
            anchor=anchor.digest if anchor else None,
            candidates=tuple(self.candidates),
            notes=self._notes(),
            by_fallback=fallback,
        )
        return Decision(verdict=verdict, revocation=answers)

    def _keep(self, rank: int, decision: Decision) -> None:
        """Keep the decision that came furthest, the first of its rank."""
        if self.best is None or rank > self.best[0]:
            self.best = (rank, decision)

    def _tell(self, views: Sequence[CertificateView], complete: bool, failure: Check | None) -> None:
        if len(self.candidates) >= MAXIMUM_CANDIDATES:
            self.left_out += 1
            return
        self.candidates.append(
            Candidate(
                subjects=tuple(view.title for view in views),
                digests=tuple(view.digest for view in views),
                complete=complete,
                failure=failure,
            )
        )

    def _notes(self) -> tuple[str, ...]:
        more = (f"{self.left_out} more paths were considered",) if self.left_out else ()
        return (*self.pool.unreadable, *self.anchors.unreadable, *more)

    def _explain(self) -> None:
        """Find out why there is no path; what would be a path but for a CA's own fault is judged."""
        try:
            for found in self.finder.explain(self.view):
                if isinstance(found, Path):
                    self._judge(found)
                else:
                    self._dead_end(found)
        except BudgetExhausted:
            if self.best is None:
                raise

    def _dead_end(self, found: DeadEnd) -> None:
        check = Check(found.code, len(found.certificates) - 1, Outcome.FAILED, found.detail, "RFC 5280, 6.1")
        self._tell(found.certificates, False, check)
        self._keep(1, self._decision((check,), _ANSWERED, found.certificates))

    def _rejected(self, exhausted: BudgetExhausted | None) -> Decision:
        """The decision that came furthest, with all candidates; a used up budget comes first."""
        made: tuple[Check, ...] = ()
        best = self.best[1] if self.best else self._decision((), _ANSWERED, (self.view,))
        if exhausted is not None:
            made = (Check("budget_exhausted", 0, Outcome.FAILED, str(exhausted), "rules.md PA-1"),)
        verdict = best.verdict
        return Decision(
            verdict=Verdict(
                at=verdict.at,
                duties=verdict.duties | _ANSWERED,
                checks=(*made, *verdict.checks),
                path=verdict.path,
                subjects=verdict.subjects,
                anchor=verdict.anchor,
                candidates=tuple(self.candidates),
                notes=self._notes(),
            ),
            revocation=best.revocation,
        )


def _unasked(path: Path, policy: RevocationPolicy) -> tuple[Check, ...]:
    why = (
        "the trust list names it" if path.trusted and policy.checking is not Checking.OFF else "not asked for"
    )
    return (Check(status.CODE, 0, Outcome.NOT_CHECKED, why, "RFC 5280, 6.3"),)
