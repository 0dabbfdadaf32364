"""Which paths are found, in which order, and what is said when there is none (TR-5)."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from tests.world.verifying import NOW, ask, ca, code, leaf, octets
from xsec.lab.pki import cross_sign
from xsec.pki.parse import certificate
from xsec.pki.path.budget import Budget, BudgetExhausted, Limits
from xsec.pki.path.build import Anchors, PathFinder, Pool

ROOT = ca("Root")
MIDDLE = ca("Middle", ROOT)
UNIDENTIFIED = [ExtensionOID.AUTHORITY_KEY_IDENTIFIER, ExtensionOID.SUBJECT_KEY_IDENTIFIER]


def test_a_missing_intermediate_is_named_with_its_key() -> None:
    verdict = ask(leaf(MIDDLE), trust=[ROOT]).verdict
    assert verdict.code == "unable_to_get_issuer_cert_locally"
    key = certificate(octets(MIDDLE)).value("2.5.29.14")
    assert verdict.failures[0].detail == f"missing issuer: CN=Middle (key identifier {key.hex(':')})"


def test_an_unknown_root_is_told_from_a_missing_one() -> None:
    assert code(ROOT, trust=[]) == "depth_zero_self_signed_cert"
    assert code(leaf(MIDDLE), trust=[ca("Other")], chain=[MIDDLE, ROOT]) == "self_signed_cert_in_chain"


def test_an_issuer_of_the_right_name_and_another_key_is_told() -> None:
    assert (
        code(leaf(MIDDLE), trust=[ROOT], chain=[ca("Middle", ROOT, seed="other")])
        == "certificate_signature_failure"
    )


def test_no_anchor_rejects() -> None:
    assert not ask(leaf(MIDDLE), trust=[], chain=[MIDDLE, ROOT]).verdict.accepted


def test_key_identifiers_only_order_the_search() -> None:
    anonymous = ca("Anonymous", ROOT, without=UNIDENTIFIED)
    decoys = [ca("Anonymous", ROOT, seed=f"decoy {n}") for n in range(5)]
    assert code(leaf(anonymous), trust=[ROOT], chain=[*decoys, anonymous]) == "ok"


def test_the_second_anchor_of_one_name_is_found() -> None:
    first, second = ca("Twin", seed="first"), ca("Twin", seed="second")
    assert code(leaf(second), trust=[first, second]) == "ok"


def test_a_cross_sign_leads_to_the_anchor_that_is_trusted() -> None:
    other = ca("Other Root")
    crossed = cross_sign(ROOT, other)
    verdict = ask(leaf(MIDDLE), trust=[other], chain=[MIDDLE, ROOT, crossed]).verdict
    assert verdict.accepted
    assert verdict.subjects == ("CN=leaf", "CN=Middle", "CN=Root", "CN=Other Root")


def test_the_next_path_is_tried_when_one_is_rejected_and_both_are_told() -> None:
    short = ca("Middle", ROOT, seed="Middle", path_length=0)
    crossed = ca("Middle", ca("Other Root"), seed="Middle")
    below = ca("Below", MIDDLE)
    verdict = ask(leaf(below), trust=[ROOT, ca("Other Root")], chain=[below, short, crossed]).verdict
    assert verdict.accepted
    assert [c.failure.code if c.failure else "" for c in verdict.candidates] == ["path_length_exceeded", ""]


def test_a_loop_of_cross_signs_ends() -> None:
    one, two = ca("One"), ca("Two")
    chain = [cross_sign(one, two), cross_sign(two, one)]
    assert not ask(leaf(one), trust=[ROOT], chain=chain).verdict.accepted
    assert code(leaf(one), trust=[two], chain=chain) == "ok"


def test_a_dead_end_that_only_led_back_is_tried_again() -> None:
    """From A, C only leads back; from X it leads through A to the anchor, and that path alone is valid."""
    a, c = ca("A"), ca("C")
    nothing = (x509.NameConstraints(None, [x509.DNSName("a.example")]), True)
    chain = [ca("X", a, extensions=[nothing]), ca("X", c), cross_sign(c, a), ca("A", ROOT), cross_sign(a, c)]
    verdict = ask(leaf(chain[0], sans=["a.example"]), trust=[ROOT], chain=chain).verdict
    assert verdict.accepted
    assert verdict.subjects == ("CN=leaf", "CN=X", "CN=C", "CN=A", "CN=Root")


def test_a_dead_end_of_length_is_tried_again_by_a_shorter_way() -> None:
    """The long way is tried first, for its key identifiers match, and ends within V for want of room."""
    w = ca("W", ROOT)
    v = ca("V", w)
    second = ca("L2", v)
    first = ca("L1", second)
    long = ca("N", first)
    short = ca("N", v, without=[ExtensionOID.AUTHORITY_KEY_IDENTIFIER])
    chain = [w, v, second, first, long, short]
    verdict = ask(leaf(long), trust=[ROOT], chain=chain, limits=Limits(certificates=6)).verdict
    assert verdict.accepted
    assert verdict.subjects == ("CN=leaf", "CN=N", "CN=V", "CN=W", "CN=Root")


@pytest.mark.parametrize(("length", "expected"), [(8, "ok"), (9, "cert_chain_too_long")])
def test_a_path_has_at_most_ten_certificates_with_the_anchor(length: int, expected: str) -> None:
    chain = [ca("CA 0", ROOT)]
    for number in range(1, length):
        chain.append(ca(f"CA {number}", chain[-1]))
    assert code(leaf(chain[-1]), trust=[ROOT], chain=chain) == expected


def finder(limits: Limits, *chain: bytes) -> PathFinder:
    return PathFinder(Anchors([octets(ROOT)]), Pool(chain), at=NOW, budget=Budget(limits))


def test_signature_checks_are_made_and_counted_once() -> None:
    found = finder(Limits(), octets(MIDDLE))
    target = certificate(octets(leaf(MIDDLE)))
    assert len(list(found.paths(target))) == 1
    assert len(list(found.paths(target))) == 1
    assert found.budget.signatures == 2


@pytest.mark.parametrize(
    "limits",
    [pytest.param(Limits(signatures=1), id="signatures"), pytest.param(Limits(steps=2), id="steps")],
)
def test_an_exhausted_budget_ends_the_search(limits: Limits) -> None:
    with pytest.raises(BudgetExhausted):
        list(finder(limits, octets(MIDDLE)).paths(certificate(octets(leaf(MIDDLE)))))


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(signatures=1), id="signature checks"),
        pytest.param(Limits(steps=2), id="steps"),
        pytest.param(Limits(policies=1), id="policies"),
        pytest.param(Limits(comparisons=1), id="comparisons"),
    ],
)
def test_an_exhausted_budget_has_its_own_code_and_rejects(limits: Limits) -> None:
    policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)])
    bases = x509.NameConstraints([x509.DNSName("example"), x509.DNSName("test")], None)
    middle = ca("Middle", ROOT, extensions=[policies, (bases, True)])
    verdict = ask(
        leaf(middle, sans=["a.example"], extensions=[policies]), trust=[ROOT], chain=[middle], limits=limits
    ).verdict
    assert verdict.code == "budget_exhausted"
    assert not verdict.accepted


def test_thousands_of_anchors_are_indexed_by_name_without_being_parsed() -> None:
    many = [octets(ca(f"Root {n}", seed="one")) for n in range(300)]
    anchors = Anchors([*many, octets(ROOT)])
    assert len(anchors) == 301
    assert [view.title for view in anchors.named(certificate(octets(MIDDLE)).issuer)] == ["CN=Root"]


def test_a_duplicate_of_the_anchor_in_the_chain_makes_no_second_path() -> None:
    found = finder(Limits(), octets(MIDDLE), octets(ROOT))
    assert len(list(found.paths(certificate(octets(leaf(MIDDLE)))))) == 1
