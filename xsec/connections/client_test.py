"""Testing a client certificate: is it valid, which user name does it give, and what may that user do (CC)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from xsec.connections import decide
from xsec.connections.settings import REGEX, TEMPLATE
from xsec.errors import InvalidValue
from xsec.pki import container, describe, pem
from xsec.pki.extract import Extraction, Refusal, extract
from xsec.pki.pattern import Compiled, Pieces, check_pair, compile_pattern, template_pieces
from xsec.pki.text import SafeText, plain, render
from xsec.pki.verdict import Check, Outcome, Verdict
from xsec.revocation.status import Answer
from xsec.state.snapshot import Snapshot

MAXIMUM_INPUT = 64 << 20
NO_ACCOUNTS = "not checked: no account directory configured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One thing to test: a certificate with what came along, or pasted text, or why it is neither."""

    name: str
    certificate: bytes = b""
    presented: tuple[bytes, ...] = ()
    text: SafeText | None = None
    fault: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One check, or what one source said of one certificate's revocation."""

    code: str
    depth: int
    outcome: str
    detail: str
    reference: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The result for one certificate.

    `valid` None means that validity was not checked (CC-4).  `username` is there only when nothing speaks
    against it; `resulting_string` is what pattern and format say.
    """

    certificate: str
    valid: bool | None
    code: str
    subject: str = ""
    fingerprint: str = ""
    checks: tuple[Shown, ...] = ()
    chain: tuple[str, ...] = ()
    revocation: tuple[Shown, ...] = ()
    accepted_by_fallback: bool = False
    resulting_string: str | None = None
    username: str | None = None
    refused: tuple[Refusal, ...] = ()
    authorization: str = NO_ACCOUNTS
    notes: tuple[str, ...] = ()
    where: str = ""

    @property
    def passed(self) -> bool:
        """Whether the certificate is valid and gives a user name."""
        return self.valid is True and self.username is not None


# What to test ---------------------------------------------------------------------------------------------


def samples(name: str, data: bytes) -> tuple[Sample, ...]:
    """What a file holds: PEM, DER, PKCS#7, JSON lines, or the text that openssl prints; found by content.

    Each certificate that is no CA is tested, with the others as its chain; of CAs alone, the first.
    """
    if len(data) > MAXIMUM_INPUT:
        return (Sample(name=name, fault=f"{len(data)} octets, at most {MAXIMUM_INPUT}", where=name),)
    if data.lstrip()[:1] == b"{":
        return tuple(_json_line(name, n, line) for n, line in enumerate(data.split(b"\n"), 1) if line.strip())
    if data[:1] != b"\x30" and not pem.is_pem(data) and b"Subject:" in data:
        return (_pasted(name, data),)
    return _certificates(name, data)


def _certificates(name: str, data: bytes) -> tuple[Sample, ...]:
    try:
        found = container.read(data, name).certificates
    except InvalidValue as error:
        return (Sample(name=name, fault=error.what, where=error.where or name),)
    if not found:
        return (Sample(name=name, fault="no certificate is in the file", where=name),)
    leaves = [item for item in found if not _is_authority(item.der)] or [found[0]]
    return tuple(
        Sample(
            name=name if len(leaves) == 1 else item.where,
            certificate=item.der,
            presented=tuple(other.der for other in found if other is not item),
            where=item.where,
        )
        for item in leaves
    )


def _is_authority(der: bytes) -> bool:
    try:
        return describe.is_ca(describe.load(der))
    except InvalidValue:
        return False


def _pasted(name: str, data: bytes) -> Sample:
    try:
        return Sample(name=name, text=plain(data, name), where=name)
    except InvalidValue as error:
        return Sample(name=name, fault=error.what, where=error.where or name)


def pasted(name: str, data: bytes) -> tuple[Sample, ...]:
    """The same for a file that is said to be text."""
    return (_pasted(name, data),)


def _json_line(name: str, number: int, line: bytes) -> Sample:
    """A line `{"certificate": PEM or base64 of DER, "name": ...}`."""
    where = f"{name}: line {number}"
    try:
        item = json.loads(line)
        given = item["certificate"]
        title = str(item.get("name", where))[:200]
        data = given.encode() if "-----BEGIN" in given else base64.b64decode(given, validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return Sample(name=where, fault='no object {"certificate": PEM or base64}', where=where)
    first = _certificates(title, data)[0]
    return Sample(
        name=title,
        certificate=first.certificate,
        presented=first.presented,
        fault=first.fault,
        where=where,
    )


# Testing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The pattern and the format that a test uses."""

    pattern: Compiled
    pieces: Pieces
    regex: str
    template: str


def reader(snapshot: Snapshot, regex: str | None = None, template: str | None = None) -> Reader:
    """The configured pattern and format, or those given; `InvalidValue` for bad ones."""
    chosen = snapshot[REGEX] if regex is None else regex
    form = snapshot[TEMPLATE] if template is None else template
    check_pair(chosen, form)
    return Reader(pattern=compile_pattern(chosen), pieces=template_pieces(form), regex=chosen, template=form)


def read_name(sample: Sample, how: Reader) -> Extraction:
    """What pattern and format make of a sample, whether it is valid or not."""
    try:
        text = sample.text or render(sample.certificate)
    except InvalidValue as error:
        fault = sample.fault or error.what
        return Extraction(refused=(Refusal(code="malformed", detail=f"{fault} ({sample.where})"),))
    return extract(how.pattern, how.pieces, text)


def judge(sample: Sample, how: Reader, snapshot: Snapshot, now: datetime) -> Tested:
    """Judge one sample as the host would judge a browser's certificate."""
    if sample.fault:
        refusal = Refusal(code="malformed", detail=f"{sample.fault} ({sample.where})")
        return Tested(
            certificate=sample.name, valid=False, code="malformed", refused=(refusal,), where=sample.where
        )
    if sample.text is not None:
        found = extract(how.pattern, how.pieces, sample.text)
        return _told(sample.name, None, "not_checked", found, notes=("validity: not checked (text only)",))
    try:
        text = render(sample.certificate)
    except InvalidValue as error:
        refusal = Refusal(code="malformed", detail=f"{error.what} ({error.where})")
        return Tested(
            certificate=sample.name, valid=False, code="malformed", refused=(refusal,), where=sample.where
        )
    question = decide.Question(certificate=sample.certificate, presented=sample.presented)
    decision = decide.decide(question, snapshot, now)
    found = extract(how.pattern, how.pieces, text)
    return _judged(sample, text, decision.verdict, decision.revocation, found, decide.notes(snapshot))


def _judged(
    sample: Sample,
    text: SafeText,
    verdict: Verdict,
    answers: Iterable[tuple[int, Answer]],
    found: Extraction,
    notes: tuple[str, ...],
) -> Tested:
    tricks = tuple(
        Check("text_differs", 0, Outcome.FAILED, f"{trick.field} holds {trick.what}", "rules.md NA-2")
        for trick in text.tricks
    )
    code = verdict.code if not verdict.accepted or not tricks else tricks[0].code
    unlike = tuple(f"{field} is not part of the text that the pattern runs on" for field in text.unlike)
    return _told(
        sample.name,
        verdict.accepted and not tricks,
        code,
        found,
        verdict=verdict,
        checks=(*verdict.checks, *tricks),
        answers=answers,
        certificate=sample.certificate,
        notes=(*verdict.notes, *notes, *unlike),
    )


def _told(
    name: str,
    valid: bool | None,
    code: str,
    found: Extraction,
    *,
    verdict: Verdict | None = None,
    checks: tuple[Check, ...] = (),
    answers: Iterable[tuple[int, Answer]] = (),
    certificate: bytes = b"",
    notes: tuple[str, ...] = (),
) -> Tested:
    return Tested(
        certificate=name,
        valid=valid,
        code=code,
        subject=verdict.subjects[0] if verdict and verdict.subjects else "",
        fingerprint=describe.fingerprint(certificate) if certificate else "",
        checks=tuple(
            Shown(code=c.code, depth=c.depth, outcome=c.outcome.value, detail=c.detail, reference=c.ref)
            for c in checks
        ),
        chain=verdict.subjects if verdict else (),
        revocation=tuple(
            Shown(
                code=said.code or said.status.value,
                depth=depth,
                outcome=said.status.value,
                detail=said.detail,
                source=said.source,
            )
            for depth, answer in answers
            for said in answer.evidence
        ),
        accepted_by_fallback=bool(verdict and verdict.by_fallback),
        resulting_string=found.resulting_string,
        username=found.username,
        refused=found.refused,
        notes=notes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many of several were what."""

    tested: int
    passed: int
    invalid: int
    not_checked: int
    without_user: int


def summary(results: Iterable[Tested]) -> Summary:
    """The counts over all results."""
    found = tuple(results)
    return Summary(
        tested=len(found),
        passed=sum(item.passed for item in found),
        invalid=sum(item.valid is False for item in found),
        not_checked=sum(item.valid is None for item in found),
        without_user=sum(item.username is None for item in found),
    )
