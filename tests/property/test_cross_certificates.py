"""Cross certificates never hide a revocation where the fallback accepts (rules.md PA-2, SR-4)."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.world.verifying import ask, ca, leaf, octets
from xsec.connections.verify import Decision
from xsec.lab.pki import Authority, Revoked, cross_sign, distribution_points, revoked
from xsec.pki.verdict import Verdict
from xsec.revocation.policy import Checking, RevocationPolicy, Undetermined

ROOTS = [ca("A"), ca("B"), ca("C")]
POINT = distribution_points("http://crl.example/", crl_issuer="Signer")
SCOPE = x509.IssuingDistributionPoint(
    [x509.UniformResourceIdentifier("http://crl.example/")], None, False, False, None, True, False
)
UPPER = ca("Upper", ROOTS[0], extensions=[(POINT, False)])
LOWER = ca("Lower", UPPER, extensions=[(POINT, False)])
SIGNER = ca("Signer", ROOTS[0])
ALICE = leaf(LOWER, "alice", extensions=[(POINT, False)])

UPPERS = [UPPER, *(cross_sign(UPPER, root) for root in ROOTS[1:])]
LOWERS = [LOWER, *(cross_sign(LOWER, root) for root in ROOTS)]
SIGNERS = [SIGNER, cross_sign(SIGNER, ROOTS[1]), cross_sign(SIGNER, UPPER)]
CROSSED = [*UPPERS, *LOWERS, *SIGNERS, cross_sign(ROOTS[1], ROOTS[0]), cross_sign(ROOTS[0], ROOTS[2])]
TRUST = [*ROOTS, ALICE]
"""Alice herself may be in the trust list, too."""

POLICIES = [
    RevocationPolicy(undetermined=Undetermined.ACCEPT, checking=how) for how in (Checking.ALL, Checking.PEER)
]
Crl = x509.CertificateRevocationList


def indirect(*targets: Any) -> Crl:
    """A CRL of the signer, which only those who certify the signer can vouch for."""
    entries: list[Revoked] = []
    for target in targets:
        name = x509.CertificateIssuer([x509.DirectoryName(target.certificate.issuer)])
        entries.append(revoked(target, extensions=[(name, True)]))
    return SIGNER.crl(entries, extensions=[(SCOPE, True)])


def direct(issuer: Authority, *targets: Any) -> Crl:
    return issuer.crl(targets)


CRLS = [
    indirect(ALICE), indirect(ALICE, LOWER), indirect(LOWERS[1], UPPER), indirect(),
    direct(ROOTS[0]), direct(ROOTS[0], UPPER), direct(ROOTS[1], UPPERS[1]), direct(ROOTS[1]),
    direct(UPPER), direct(UPPER, LOWER), direct(LOWER), direct(LOWER, ALICE),
]  # fmt: skip


def some(items: list[Any], least: int, most: int) -> st.SearchStrategy[list[Any]]:
    """Some of the items in any order."""
    return st.tuples(st.permutations(items), st.integers(least, most)).map(lambda drawn: drawn[0][: drawn[1]])


ANCHORS = some(TRUST, 1, 3)
CHAIN = some(CROSSED, 2, 9)
LISTS = some(CRLS, 1, 5)


def decided(anchors: list[Any], chain: list[Any], crls: list[Crl], policy: RevocationPolicy) -> Decision:
    return ask(ALICE, trust=anchors, chain=chain, crls=crls, revocation=policy)


def condemned(verdict: Verdict) -> set[str]:
    """The certificates for which a rejection says that they are revoked."""
    return {verdict.path[check.depth] for check in verdict.failures if check.code == "cert_revoked"}


@given(ANCHORS, CHAIN, LISTS, st.sampled_from(POLICIES), st.data())
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_no_certificate_makes_the_fallback_accept_what_was_known_to_be_revoked(
    anchors: list[Any], chain: list[Any], crls: list[Crl], policy: RevocationPolicy, data: st.DataObject
) -> None:
    """Another path may do without a revoked CA, or know that all is good: then there is no fallback."""
    before = decided(anchors, chain, crls, policy).verdict
    gone = condemned(before)
    if before.accepted or not gone:
        return
    event("rejected as revoked")
    more, trusted = data.draw(some(CROSSED, 0, 6)), data.draw(some(TRUST, 0, 2))
    after = decided(
        data.draw(st.permutations(unique([*anchors, *trusted]))),
        data.draw(st.permutations(unique([*chain, *more]))),
        data.draw(st.permutations(crls)),
        policy,
    ).verdict
    if after.accepted and after.by_fallback:
        event("accepted by the fallback on a path without the revoked CA")
        assert gone.isdisjoint(after.path)


@given(ANCHORS, CHAIN, LISTS, st.sampled_from(POLICIES), st.data())
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_anchors_certificates_and_crls_decides_nothing(
    anchors: list[Any], chain: list[Any], crls: list[Crl], policy: RevocationPolicy, data: st.DataObject
) -> None:
    before = decided(anchors, chain, crls, policy).verdict
    after = decided(
        data.draw(st.permutations(anchors)),
        data.draw(st.permutations(chain)),
        data.draw(st.permutations(crls)),
        policy,
    ).verdict
    assert (after.accepted, after.by_fallback) == (before.accepted, before.by_fallback)


def unique(items: list[Any]) -> list[Any]:
    return list({octets(item): item for item in items}.values())
