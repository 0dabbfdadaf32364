"""Certificate policies by the graph of RFC 9618."""

from __future__ import annotations

import pytest
from cryptography import x509

from tests.world.verifying import ask, ca, code, leaf
from xsec.pki.extensions import ANY_POLICY
from xsec.pki.path.budget import Budget, BudgetExhausted, Limits
from xsec.pki.path.policy import PolicyGraph, constrained

A, B, C = "1.2.3.1", "1.2.3.2", "1.2.3.3"
ROOT = ca("Root")


def policies(*oids: str) -> x509.ExtensionType:
    return x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids]
    )


def mapping(issuer: str, subject: str) -> x509.ExtensionType:
    pair = b"".join(_oid(text) for text in (issuer, subject))
    inner = b"\x30" + bytes([len(pair)]) + pair
    return x509.UnrecognizedExtension(
        x509.ObjectIdentifier("2.5.29.33"), b"\x30" + bytes([len(inner)]) + inner
    )


def _oid(text: str) -> bytes:
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(text)]).public_bytes()[2:]


def judged(
    middle: list[x509.ExtensionType], end: list[x509.ExtensionType], *wanted: str, **inputs: bool
) -> str:
    authority = ca("Middle", ROOT, extensions=middle)
    return code(
        leaf(authority, extensions=end),
        trust=[ROOT],
        chain=[authority],
        policies=frozenset(wanted or (ANY_POLICY,)),
        **{"explicit_policy": True, **inputs},
    )


@pytest.mark.parametrize(
    ("middle", "end", "wanted", "expected"),
    [
        pytest.param([policies(A)], [policies(A)], [], "ok", id="the same policy"),
        pytest.param([policies(A)], [policies(A)], [B], "no_explicit_policy", id="another one is wanted"),
        pytest.param([policies(A)], [policies(B)], [], "no_explicit_policy", id="no policy in common"),
        pytest.param([], [policies(A)], [], "no_explicit_policy", id="a CA without policies"),
        pytest.param([policies(ANY_POLICY)], [policies(A)], [A], "ok", id="anyPolicy above"),
        pytest.param([policies(A)], [policies(ANY_POLICY)], [A], "ok", id="anyPolicy below"),
        pytest.param([policies(A), mapping(A, B)], [policies(B)], [A], "ok", id="mapped"),
        pytest.param(
            [policies(A), mapping(A, B)], [policies(B)], [B], "no_explicit_policy", id="in the CA's terms"
        ),
        pytest.param(
            [policies(ANY_POLICY), mapping(A, B)], [policies(B)], [A], "ok", id="mapped from anyPolicy"
        ),
        pytest.param(
            [policies(A), mapping(ANY_POLICY, B)], [policies(A)], [], "invalid_policy_extension", id="any"
        ),
    ],
)
def test_a_wanted_policy_must_hold_for_the_whole_path(
    middle: list[x509.ExtensionType], end: list[x509.ExtensionType], wanted: list[str], expected: str
) -> None:
    assert judged(middle, end, *wanted) == expected


def test_policies_do_not_matter_when_none_is_required() -> None:
    assert judged([], [], explicit_policy=False) == "ok"


def test_a_ca_may_require_a_policy() -> None:
    required = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)
    assert judged([required], [], explicit_policy=False) == "no_explicit_policy"


def test_mapping_may_be_inhibited() -> None:
    extensions = [policies(A), mapping(A, B)]
    assert judged(extensions, [policies(B)], A, inhibit_mapping=True) == "no_explicit_policy"


def test_any_policy_may_be_inhibited_from_above_and_by_the_caller() -> None:
    middle, end = [policies(A), x509.InhibitAnyPolicy(0)], [policies(ANY_POLICY)]
    assert judged(middle, end, A) == "no_explicit_policy"
    assert judged([policies(ANY_POLICY)], [policies(A)], A, inhibit_any_policy=True) == "no_explicit_policy"


def test_the_policies_of_an_anchor_narrow_what_is_wanted() -> None:
    narrow = ca("Narrow", extensions=[policies(A)])
    end = leaf(narrow, extensions=[policies(B)])
    verdict = ask(end, trust=[narrow], explicit_policy=True).verdict
    assert verdict.code == "no_explicit_policy"


def test_the_graph_grows_with_the_path_and_not_exponentially() -> None:
    """The tree of RFC 5280 has 2 to the power of the length leaves here (CVE-2023-0464)."""
    budget = Budget()
    graph = PolicyGraph(budget)
    for _ in range(60):
        graph.add(frozenset((A, B)), any_allowed=True)
        graph.map({A: frozenset((A, B)), B: frozenset((A, B))}, allowed=True)
    assert graph.authority_constrained() == {A, B}
    assert budget.policies < 2000


def test_the_graph_spends_the_budget() -> None:
    graph = PolicyGraph(Budget(Limits(policies=100)))
    with pytest.raises(BudgetExhausted):
        graph.add(frozenset(f"1.2.{number}" for number in range(200)), any_allowed=True)


@pytest.mark.parametrize(
    ("authority", "wanted", "expected"),
    [({A}, {ANY_POLICY}, {A}), ({ANY_POLICY}, {A}, {A}), ({A, B}, {B, C}, {B}), (set(), {ANY_POLICY}, set())],
)
def test_what_is_granted_and_wanted(authority: set[str], wanted: set[str], expected: set[str]) -> None:
    assert constrained(frozenset(authority), frozenset(wanted)) == expected
