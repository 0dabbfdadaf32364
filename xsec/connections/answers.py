"""Questions about a certificate as JSON objects, and decisions as JSON objects and as text for people."""

from __future__ import annotations

import base64
import binascii
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from xsec.connections.verify import Decision, Question, decide, read_crls
from xsec.errors import InvalidValue, XsecError
from xsec.pki.extensions import ANY_POLICY
from xsec.pki.path import reference
from xsec.pki.path.build import Anchors
from xsec.pki.path.validate import Inputs, Profile, Purpose
from xsec.pki.verdict import Candidate, Check, Outcome, Verdict
from xsec.revocation.policy import OFF, REQUIRED
from xsec.revocation.status import Answer
from xsec.state import moment

MAXIMUM_OFFERED = 20_000  # intermediates of one question
MAXIMUM_LINE_OCTETS = 64 << 20  # of one request of a batch, its line end included


def inputs(
    at: datetime,
    *,
    purpose: str = "any",
    host: str | None = None,
    policies: Iterable[str] | None = None,
    explicit_policy: bool = False,
    inhibit_mapping: bool = False,
    inhibit_any_policy: bool = False,
    max_depth: int | None = None,
    profile: str = "default",
) -> Inputs:
    """The inputs of section 6 from words; `InvalidValue` for one that has no meaning."""
    return Inputs(
        at=at,
        purpose=Purpose(_choice("purpose", purpose, [item.value for item in Purpose])),
        reference=None if host is None else reference.parse(host),
        policies=frozenset(map(_oid, policies or ())) or frozenset((ANY_POLICY,)),
        explicit_policy=explicit_policy,
        inhibit_mapping=inhibit_mapping,
        inhibit_any_policy=inhibit_any_policy,
        maximum_depth=max_depth,
        profile=Profile(_choice("profile", profile, [item.value for item in Profile])),
    )


def _choice(name: str, value: object, allowed: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise InvalidValue(f"{name}: {value!r} has no meaning", allowed=", ".join(allowed))
    return value


def _oid(text: object) -> str:
    parts = text.split(".") if isinstance(text, str) and len(text) <= 200 else []
    if len(parts) < 2 or any(
        not (part.isascii() and part.isdigit()) or (part[0] == "0" and part != "0") for part in parts
    ):
        raise InvalidValue(f"policy: {text!r} is no object identifier", allowed="such as 2.5.29.32.0")
    return str(text)


# Batch ---------------------------------------------------------------------------------------------------


def answer(
    request: object, *, trust: Sequence[bytes] | None = None, profile: str = "default", now: datetime
) -> dict[str, Any]:
    """The answer to one request of `xsec verify --batch`.

    `trust` are the anchors when the request names none, `now` is the moment when it names none.  What is no
    request is answered with the verdict `error`; a malformed certificate is one that is not valid.
    """
    name = request.get("id") if isinstance(request, Mapping) else None
    try:
        if not isinstance(request, Mapping):
            raise InvalidValue("a request is a JSON object")
        return {"id": name, **as_data(_decided(request, trust, profile, now))}
    except XsecError as error:
        return _malformed(error.what, name)


def _malformed(detail: str, name: object = None) -> dict[str, Any]:
    return {"id": name, "verdict": "error", "code": "malformed_request", "detail": detail}


def lines_of(readline: Callable[[int], bytes], *, limit: int = MAXIMUM_LINE_OCTETS) -> Iterator[bytes | None]:
    """The lines of a stream as they come; None for one of more than `limit` octets, which is never held."""
    while line := readline(limit):
        if len(line) < limit or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = readline(1 << 16)
        yield None


def answer_line(
    line: bytes | None, *, trust: Sequence[bytes] | None = None, profile: str = "default", now: datetime
) -> tuple[bytes, bool]:
    """The answer to one line of `--batch` with its line end, and whether the line was a request.

    None stands for a line that was too long (`lines_of`).
    """
    try:
        request = None if line is None else json.loads(line)
    except (ValueError, RecursionError):
        told = _malformed("no JSON")
    else:
        too_long = f"longer than {MAXIMUM_LINE_OCTETS} octets"
        told = (
            _malformed(too_long) if line is None else answer(request, trust=trust, profile=profile, now=now)
        )
    return json.dumps(told).encode() + b"\n", told["verdict"] != "error"


def _decided(
    request: Mapping[str, Any], trust: Sequence[bytes] | None, profile: str, now: datetime
) -> Decision:
    given = request.get("trust")
    anchors = trust if given is None and trust is not None else _ders(request, "trust")
    crls, notes = read_crls((der, "") for der in _ders(request, "crls"))
    revocation = _choice("revocation", request.get("revocation") or "off", ["off", "require"])
    depth = request.get("max_depth")
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
        raise InvalidValue(f"max_depth: {depth!r} is no number of certificates")
    policies = request.get("policies")
    if policies is not None and not isinstance(policies, list):
        raise InvalidValue("policies is a list of object identifiers")
    host = request.get("host")
    if host is not None and not isinstance(host, str):
        raise InvalidValue("host is a text", allowed="dns:NAME, ip:ADDRESS, email:ADDRESS")
    question = Question(
        certificate=_der("leaf", request.get("leaf")),
        intermediates=tuple(_ders(request, "intermediates")),
        inputs=inputs(
            now if request.get("at") is None else moment.parse(request["at"], "at"),
            purpose=request.get("purpose") or "any",
            host=host,
            policies=policies,
            explicit_policy=request.get("explicit_policy") is True,
            inhibit_mapping=request.get("inhibit_mapping") is True,
            inhibit_any_policy=request.get("inhibit_any_policy") is True,
            max_depth=depth,
            profile=request.get("profile") or profile,
        ),
        revocation=REQUIRED if revocation == "require" else OFF,
    )
    return noted(decide(question, Anchors(anchors), crls), notes)


def _ders(request: Mapping[str, Any], key: str) -> list[bytes]:
    found = request.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > MAXIMUM_OFFERED:
        raise InvalidValue(f"{key} is a list of at most {MAXIMUM_OFFERED} base64 texts")
    return [_der(key, item) for item in found]


def _der(key: str, item: object) -> bytes:
    try:
        return base64.b64decode(item, validate=True) if isinstance(item, str) else _refuse(key)
    except (binascii.Error, ValueError):
        return _refuse(key)


def _refuse(key: str) -> bytes:
    raise InvalidValue(f"{key} is no base64 text")


# Out -----------------------------------------------------------------------------------------------------


def noted(decision: Decision, notes: Iterable[str]) -> Decision:
    """The decision with more told of what was left out."""
    verdict = decision.verdict
    return replace(decision, verdict=replace(verdict, notes=(*verdict.notes, *notes)))


def as_data(decision: Decision) -> dict[str, Any]:
    """The whole decision as a JSON object."""
    verdict = decision.verdict
    return {
        "verdict": "valid" if verdict.accepted else "invalid",
        "accepted": verdict.accepted,
        "code": verdict.code,
        "detail": verdict.failures[0].detail if verdict.failures else "",
        "accepted_by_fallback": verdict.accepted and verdict.by_fallback,
        "at": _time(verdict.at),
        "path": [
            {"depth": depth, "subject": subject, "fingerprint": digest}
            for depth, (subject, digest) in enumerate(zip(verdict.subjects, _digests(verdict), strict=True))
        ],
        "checks": [_check(check) for check in verdict.checks],
        "not_checked": [{"code": code, "depth": depth} for code, depth in sorted(verdict.undone)],
        "revocation": [_answer(depth, found) for depth, found in decision.revocation],
        "candidates": [_candidate(found) for found in verdict.candidates],
        "notes": list(verdict.notes),
    }


def _digests(verdict: Verdict) -> tuple[str, ...]:
    return (*verdict.path, verdict.anchor) if verdict.anchor else verdict.path


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _check(check: Check) -> dict[str, Any]:
    return {
        "code": check.code,
        "depth": check.depth,
        "outcome": check.outcome.value,
        "detail": check.detail,
        "reference": check.ref,
    }


def _answer(depth: int, found: Answer) -> dict[str, Any]:
    return {
        "depth": depth,
        "status": found.status.value,
        "code": found.code,
        "detail": found.detail,
        "evidence": [
            {
                "source": said.source,
                "status": said.status.value,
                "code": said.code,
                "detail": said.detail,
                "number": said.number,
                "this_update": _time(said.this_update),
                "next_update": _time(said.next_update),
                "revoked": _time(said.revoked),
            }
            for said in found.evidence
        ],
    }


def _candidate(found: Candidate) -> dict[str, Any]:
    return {
        "subjects": list(found.subjects),
        "fingerprints": list(found.digests),
        "reaches_anchor": found.complete,
        "failure": None if found.failure is None else _check(found.failure),
    }


# For people ----------------------------------------------------------------------------------------------

_REMEDIES = {
    "unable_to_get_issuer_cert_locally": "xsec verify CERT --intermediates FILE",
    "depth_zero_self_signed_cert": "xsec trust add FILE",
    "self_signed_cert_in_chain": "xsec trust add FILE",
    "certificate_signature_failure": "xsec trust list",
    "unable_to_get_crl": "xsec verify CERT --revocation require --crls FILE",
    "crl_has_expired": "xsec crl upload FILE",
    "crl_not_yet_valid": "xsec crl list",
    "cert_revoked": "xsec crl check CERT",
    "hostname_mismatch": "xsec cert show",
    "invalid_purpose": "xsec verify CERT --purpose any",
}


def remedy(verdict: Verdict, name: str) -> str:
    """A command that goes on from a rejection: it shows all evidence where nothing better is known."""
    if verdict.accepted:
        return ""
    return _REMEDIES.get(verdict.code, "xsec verify CERT --json").replace("CERT", shlex.quote(name))


def lines(decision: Decision, name: str) -> list[str]:
    """The decision in about five lines."""
    verdict = decision.verdict
    path = " <- ".join(verdict.subjects) if verdict.subjects else "(none)"
    told = [
        f"valid, {_revocation(verdict)}" if verdict.accepted else f"not valid: {verdict.code}",
        f"path: {path}" + ("" if verdict.anchor else " <- ?"),
    ]
    if verdict.accepted:
        done = sum(check.outcome is Outcome.PASSED for check in verdict.checks)
        told.append(f"checked: {done} checks passed")
    elif verdict.failures:
        first = verdict.failures[0]
        where = (
            verdict.subjects[first.depth] if first.depth < len(verdict.subjects) else f"depth {first.depth}"
        )
        told.append(f"why: {where}: {first.detail or first.code} ({first.ref})")
    told += [f"warning: depth {check.depth}: {check.code}: {check.detail}" for check in verdict.warnings[:3]]
    if len(verdict.candidates) > 1:
        told.append(f"considered: {len(verdict.candidates)} paths, all in --json")
    told += [f"note: {note}" for note in verdict.notes[:3]]
    if not verdict.accepted:
        told.append(f"hint: {remedy(verdict, name)}")
    return told


def _revocation(verdict: Verdict) -> str:
    if not any(code == "cert_revoked" for code, _ in verdict.duties):
        return "revocation not checked"
    return "revocation not determined, accepted by fallback" if verdict.by_fallback else "not revoked"
