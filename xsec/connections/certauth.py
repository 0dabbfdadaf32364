"""Certificate-based authentication: what is set, what it is set to, and what proves that it works (CA)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from xsec.connections import decide
from xsec.connections.client_test import Tested
from xsec.connections.settings import AUTHENTICATION, MODE, NOT_REQUIRED, REGEX, SETTINGS, TEMPLATE
from xsec.errors import InvalidValue
from xsec.pki import lint
from xsec.pki.pattern import check_pair, compile_pattern
from xsec.pki.trust import DEFAULT_SOURCE, TRUST
from xsec.state.plan import Plan
from xsec.state.schema import Leaf
from xsec.state.snapshot import Reading, Snapshot, Tree

AREA = "client-test"
BEARER = (
    "a client certificate without PIN or passphrase gives access to whoever holds the file: "
    "keep keys on a token or in a container with a passphrase"
)


# What proves it -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The last client certificate that was valid and gave a user name.

    `basis` is the digest of trust list, CRLs and checking; `reading` that of pattern and format.
    """

    time: datetime
    fingerprint: str
    username: str
    basis: str
    reading: str


def reading_of(regex: str, template: str) -> str:
    """A digest of pattern and format."""
    return sha256(f"{regex}\n{template}".encode()).hexdigest()


def prove(results: Iterable[Tested], snapshot: Snapshot, regex: str, template: str, now: datetime) -> Tree:
    """The record of the first result that passed, None without one."""
    for item in results:
        if item.passed:
            return {
                "time": now.astimezone(UTC).isoformat(timespec="seconds"),
                "fingerprint": item.fingerprint,
                "username": item.username,
                "basis": decide.basis(snapshot),
                "reading": reading_of(regex, template),
            }
    return None


def _parse(tree: Tree) -> Proof | None:
    return Proof(**{**tree, "time": datetime.fromisoformat(tree["time"])})


def _format(proof: Proof | None) -> Tree:
    if proof is None:
        return None
    return {
        "time": proof.time.astimezone(UTC).isoformat(timespec="seconds"),
        "fingerprint": proof.fingerprint,
        "username": proof.username,
        "basis": proof.basis,
        "reading": proof.reading,
    }


PROOF: Reading[Proof | None] = Reading(AREA, parse=_parse, format=_format, empty=None)


def missing(snapshot: Snapshot, *, reading_only: bool = False) -> str:
    """Why the last test does not prove that certificates give user names now; empty when it does."""
    proof = snapshot[PROOF]
    if proof is None:
        return "no client certificate has been tested with success"
    if proof.reading != reading_of(snapshot[REGEX], snapshot[TEMPLATE]):
        return f"the test of {proof.time:%Y-%m-%d %H:%M}Z used another pattern or format"
    if not reading_only and proof.basis != decide.basis(snapshot):
        return f"trust list, CRLs or checking changed since the test of {proof.time:%Y-%m-%d %H:%M}Z"
    return ""


# Changing it ----------------------------------------------------------------------------------------------


def plan_set(snapshot: Snapshot, given: Mapping[str, str | None]) -> Plan:
    """The plan for the options of `certauth set`; `InvalidValue` when format and pattern do not fit."""
    changed: dict[Leaf[Any], Any] = {}
    for setting in SETTINGS:
        text = given.get(setting.option)
        if text is None:
            continue
        value = setting.at().parse(text)
        if value != snapshot[setting]:
            changed[setting.at()] = value
    plan = Plan(base=snapshot.generation, summary="client certificate settings", settings=changed)
    after = plan.on(snapshot)
    check_pair(after[REGEX], after[TEMPLATE])
    return Plan(
        base=plan.base, summary=plan.summary, settings=changed, warnings=_warnings(snapshot, after, given)
    )


def _warnings(before: Snapshot, after: Snapshot, given: Mapping[str, str | None]) -> tuple[str, ...]:
    told = [f"pattern: {item.text} ({item.example})" for item in traps(after)]
    if after[MODE] != NOT_REQUIRED:
        told += public(after)
    if after[MODE] == AUTHENTICATION and before[MODE] != AUTHENTICATION:
        told.append("password login ends with this mode, for every account; " + BEARER)
    return tuple(told) if any(text is not None for text in given.values()) else ()


def traps(snapshot: Snapshot) -> tuple[lint.Warned, ...]:
    """What the pattern in force falls into."""
    try:
        return lint.lint(compile_pattern(snapshot[REGEX]), snapshot[TEMPLATE])
    except InvalidValue as error:
        return (lint.Warned(code="invalid", text=error.what, example=error.where),)


def public(snapshot: Snapshot) -> list[str]:
    """A warning for each publicly trusted CA that counts for browsers: its certificates are anybody's."""
    return [
        f"a publicly trusted CA counts for client certificates: entry {entry.digest[:12]} of {entry.source}"
        for entry in snapshot[TRUST].for_kind(decide.HTTPS_CLIENT)
        if entry.source == DEFAULT_SOURCE
    ]


def settings(snapshot: Snapshot) -> dict[str, object]:
    """The values in force by their names in JSON."""
    return {setting.option.removeprefix("--").replace("-", "_"): snapshot[setting] for setting in SETTINGS}


# Showing it -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The settings, what is warned of, and whether a test proves them."""

    mode: str
    regex: str
    format: str
    crl_check: str
    crl_inaccessible: str
    authorities: int
    proven: bool
    last_test: Proof | None
    missing: str
    warnings: tuple[str, ...]
    traps: tuple[lint.Warned, ...]


def show(snapshot: Snapshot) -> Shown:
    """Everything about certificate-based authentication at a glance."""
    mode, crl_check, crl_inaccessible, regex, template = (snapshot[setting] for setting in SETTINGS)
    found = traps(snapshot)
    lacking = missing(snapshot)
    warned = [BEARER, *(f"pattern: {item.text}" for item in found)]
    if mode != NOT_REQUIRED:
        warned += public(snapshot)
    return Shown(
        mode=mode,
        regex=regex,
        format=template,
        crl_check=crl_check,
        crl_inaccessible=crl_inaccessible,
        authorities=len(snapshot[TRUST].for_kind(decide.HTTPS_CLIENT)),
        proven=not lacking,
        last_test=snapshot[PROOF],
        missing=lacking,
        warnings=tuple(warned),
        traps=found,
    )
