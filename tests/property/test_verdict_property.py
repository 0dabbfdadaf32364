"""Invariants of accepted verdicts and of revocation (rules.md PA-2 and SR-4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world.verifying import ask, ca, code, leaf, octets
from xsec.lab.pki import der, revoked
from xsec.pki.path.validate import Purpose
from xsec.pki.verdict import Check, Outcome, Verdict
from xsec.revocation.policy import RevocationPolicy, Undetermined

ROOT = ca("Root")
UPPER = ca("Upper", ROOT)
LOWER = ca("Lower", UPPER)
ALICE = leaf(LOWER, "alice", sans=["alice.example"], client=True)
OTHER = ca("Other")
CHAIN = [LOWER, UPPER]
CLEAN = [ROOT.crl(), UPPER.crl(), LOWER.crl()]
LENIENT = RevocationPolicy(undetermined=Undetermined.ACCEPT)

QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def accepted() -> Verdict:
    verdict = ask(
        ALICE,
        trust=[ROOT],
        chain=CHAIN,
        crls=CLEAN,
        host="dns:alice.example",
        purpose=Purpose.CLIENT,
        maximum_depth=2,
    ).verdict
    assert verdict.accepted
    return verdict


ACCEPTED = accepted()
PASSED = [n for n, check in enumerate(ACCEPTED.checks) if check.outcome is Outcome.PASSED]


@pytest.mark.parametrize("number", PASSED)
def test_an_accepted_verdict_that_lacks_one_check_rejects(number: int) -> None:
    """One check at one depth is taken out; every check that passed is there because it must be."""
    rest = ACCEPTED.checks[:number] + ACCEPTED.checks[number + 1 :]
    assert not replace(ACCEPTED, checks=rest).accepted


@pytest.mark.parametrize("number", PASSED)
@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NOT_CHECKED])
def test_an_accepted_verdict_with_one_check_that_did_not_pass_rejects(number: int, outcome: Outcome) -> None:
    changed: list[Check] = list(ACCEPTED.checks)
    changed[number] = changed[number]._replace(outcome=outcome)
    assert not replace(ACCEPTED, checks=tuple(changed)).accepted


@given(st.permutations(ACCEPTED.checks))
@QUICK
def test_the_order_of_checks_does_not_matter(checks: list[Check]) -> None:
    assert replace(ACCEPTED, checks=tuple(checks)).accepted


def test_every_depth_has_its_checks() -> None:
    """The names are those an operator knows from OpenSSL; they are written out, not taken from the code."""
    made = {(check.code, check.depth) for check in ACCEPTED.checks}
    for depth in (0, 1, 2):
        for name in (
            "certificate_signature_failure",
            "cert_has_expired",
            "cert_not_yet_valid",
            "cert_revoked",
        ):
            assert (name, depth) in made
    assert ("hostname_mismatch", 0) in made
    assert ("invalid_ca", 1) in made
    assert ("path_length_exceeded", 2) in made


# Unrelated input -----------------------------------------------------------------------------------------

STRANGERS: list[Any] = [
    OTHER, ca("Lower", OTHER, seed="x"), ca("Upper", OTHER, seed="y"), ca("Root", OTHER, seed="z"),
    ca("Lower", LOWER, seed="w"), leaf(OTHER, "alice"),
]  # fmt: skip
STRANGE_CRLS = [
    OTHER.crl(), ca("Lower", OTHER, seed="x").crl(number=9), ca("Root", seed="q").crl(number=9),
    ca("Upper", OTHER, seed="y").crl([LOWER], number=9),
]  # fmt: skip
REJECTED: list[dict[str, Any]] = [
    {"chain": [LOWER], "crls": CLEAN},
    {"chain": CHAIN, "crls": CLEAN[:2]},
    {"chain": CHAIN, "crls": [*CLEAN[:2], LOWER.crl([ALICE])]},
    {"chain": CHAIN, "crls": [CLEAN[0], UPPER.crl([LOWER]), CLEAN[2]]},
    {"chain": CHAIN, "crls": [*CLEAN[:2], LOWER.crl(key=OTHER.key)]},
    {"chain": CHAIN, "crls": CLEAN, "purpose": Purpose.SERVER},
]


@given(
    st.sampled_from(REJECTED),
    st.lists(st.sampled_from(STRANGERS), unique_by=octets),
    st.lists(st.sampled_from(STRANGE_CRLS), unique_by=der),
)
@QUICK
def test_unrelated_certificates_and_crls_never_turn_a_rejection_into_an_acceptance(
    case: dict[str, Any], strangers: list[Any], crls: list[x509.CertificateRevocationList]
) -> None:
    rest = {key: value for key, value in case.items() if key not in ("chain", "crls")}
    more = ask(
        ALICE, trust=[ROOT], chain=[*strangers, *case["chain"]], crls=[*crls, *case["crls"]], **rest
    ).verdict
    assert not more.accepted


# Revocation ----------------------------------------------------------------------------------------------

LISTS = st.lists(
    st.tuples(
        st.sampled_from([ROOT, UPPER, LOWER]),
        st.integers(1, 4),
        st.sets(st.sampled_from([UPPER.serial, LOWER.serial, ALICE.serial, 4711])),
    ),
    max_size=5,
)


def made(lists: list[Any]) -> list[x509.CertificateRevocationList]:
    return [
        authority.crl([revoked(serial) for serial in sorted(found)], number=number)
        for authority, number, found in lists
    ]


@given(LISTS, st.sampled_from([None, LENIENT]), st.data())
@QUICK
def test_adding_a_revocation_never_turns_a_rejection_into_an_acceptance(
    lists: list[Any], policy: RevocationPolicy | None, data: st.DataObject
) -> None:
    options: dict[str, Any] = {"trust": [ROOT], "chain": CHAIN, "revocation": policy}
    if code(ALICE, crls=made(lists), **options) == "ok" or not lists:
        return
    at = data.draw(st.integers(0, len(lists) - 1))
    serial = data.draw(st.sampled_from([UPPER.serial, LOWER.serial, ALICE.serial, 4711]))
    authority, number, found = lists[at]
    longer = [*lists[:at], (authority, number, found | {serial}), *lists[at + 1 :]]
    assert code(ALICE, crls=made(longer), **options) != "ok"


@given(LISTS, st.data())
@QUICK
def test_without_any_crl_of_a_ca_nothing_is_accepted_where_undetermined_rejects(
    lists: list[Any], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from([ROOT, UPPER, LOWER]))
    left = [item for item in lists if item[0] is not gone]
    assert code(ALICE, trust=[ROOT], chain=CHAIN, crls=made(left)) != "ok"


@given(LISTS, st.randoms(use_true_random=False))
@QUICK
def test_the_order_of_crls_and_certificates_does_not_matter(lists: list[Any], random: Any) -> None:
    crls, chain = made(lists), list(CHAIN)
    before = code(ALICE, trust=[ROOT], chain=chain, crls=crls)
    random.shuffle(crls)
    random.shuffle(chain)
    assert (code(ALICE, trust=[ROOT], chain=chain, crls=crls) == "ok") is (before == "ok")
