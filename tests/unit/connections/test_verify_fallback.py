"""Where the fallback accepts: what any candidate path knows of a certificate counts (PA-2, SR-4; 5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations, product

import pytest
from cryptography import x509

from tests.world.verifying import NOW, START, Given, ask, ca, leaf
from xsec.connections.verify import Decision
from xsec.lab.pki import cross_sign, distribution_points, revoked
from xsec.pki.path.budget import Limits
from xsec.revocation.policy import Checking, RevocationPolicy, Undetermined

LENIENT = RevocationPolicy(undetermined=Undetermined.ACCEPT)
POLICIES = [LENIENT, RevocationPolicy(undetermined=Undetermined.ACCEPT, checking=Checking.PEER)]

A, B = ca("A"), ca("B")
ISSUING = ca("Issuing", A)
CROSSED = cross_sign(ISSUING, B)
SIGNER = ca("CRL signer", A)
POINT = distribution_points("http://crl.example/", crl_issuer="CRL signer")
ALICE = leaf(ISSUING, "alice", extensions=[(POINT, False)])
INDIRECT = (
    x509.IssuingDistributionPoint(
        [x509.UniformResourceIdentifier("http://crl.example/")], None, False, False, None, True, False
    ),
    True,
)
ISSUED_BY = (x509.CertificateIssuer([x509.DirectoryName(ISSUING.certificate.subject)]), True)
LISTED = SIGNER.crl([revoked(ALICE, extensions=[ISSUED_BY])], extensions=[INDIRECT])
UNLISTED = SIGNER.crl(extensions=[INDIRECT])
EXPIRED = SIGNER.crl(extensions=[INDIRECT], this_update=START, next_update=NOW - timedelta(days=1))
"""CRLs that are authentic below A alone, for their signer is certified by no one else."""


def orders(*chain: Given, crl: x509.CertificateRevocationList) -> Iterator[Decision]:
    """The decisions on every order of certificates, anchors and CRLs, for both depths of checking."""
    for policy, anchors, given, crls in product(
        POLICIES, ([A, B], [B, A]), permutations(chain), ([crl, A.crl()], [A.crl(), crl])
    ):
        yield ask(ALICE, trust=anchors, chain=given, crls=crls, revocation=policy)


@pytest.mark.parametrize(
    ("crl", "expected"),
    [pytest.param(LISTED, "cert_revoked", id="listed"), pytest.param(EXPIRED, "crl_has_expired", id="SR-2")],
)
def test_what_one_path_rejects_no_cross_certificate_accepts_in_any_order(
    crl: x509.CertificateRevocationList, expected: str
) -> None:
    assert {d.verdict.code for d in orders(ISSUING, SIGNER, crl=crl)} == {expected}
    for decision in orders(ISSUING, CROSSED, SIGNER, crl=crl):
        verdict = decision.verdict
        assert (verdict.accepted, verdict.code) == (False, expected)
        assert all(candidate.failure for candidate in verdict.candidates), "both paths tell of it"


def test_good_by_the_word_of_a_ca_of_unknown_status_does_not_outweigh_revoked() -> None:
    for chain, crls in product(
        permutations((ISSUING, CROSSED, SIGNER)), permutations((LISTED, ISSUING.crl(), A.crl()))
    ):
        verdict = ask(ALICE, trust=[A, B], chain=chain, crls=crls, revocation=LENIENT).verdict
        assert (verdict.accepted, verdict.code) == (False, "cert_revoked")


def test_a_path_on_which_all_is_known_to_be_good_is_accepted_in_any_order() -> None:
    for decision in orders(ISSUING, CROSSED, SIGNER, crl=UNLISTED):
        assert decision.verdict.accepted
        assert not decision.verdict.by_fallback
        assert decision.verdict.subjects[-1] == "CN=A"


def test_a_revoked_intermediate_does_not_matter_to_a_path_without_it() -> None:
    for chain in permutations((ISSUING, CROSSED)):
        verdict = ask(ALICE, trust=[A, B], chain=chain, crls=[A.crl([ISSUING])], revocation=LENIENT).verdict
        assert verdict.accepted
        assert verdict.by_fallback
        assert verdict.subjects[-1] == "CN=B"


def test_every_path_is_told_when_the_fallback_accepts() -> None:
    verdict = ask(
        ALICE, trust=[A, B], chain=[ISSUING, CROSSED], crls=[ca("Stranger").crl()], revocation=LENIENT
    ).verdict
    assert verdict.accepted
    assert verdict.by_fallback
    assert len(verdict.candidates) == 2


def test_a_budget_that_does_not_suffice_for_the_other_paths_rejects() -> None:
    enough = ask(
        ALICE, trust=[A, B], chain=[ISSUING, CROSSED], crls=[ca("Stranger").crl()], revocation=LENIENT
    )
    assert enough.verdict.by_fallback
    for signatures, expected in ((2, "budget_exhausted"), (4, "ok")):
        verdict = ask(
            ALICE,
            trust=[A, B],
            chain=[ISSUING, CROSSED],
            crls=[ca("Stranger").crl()],
            revocation=LENIENT,
            limits=Limits(signatures=signatures),
        ).verdict
        assert verdict.code == expected


def test_a_certificate_in_the_trust_list_does_not_hide_that_its_status_is_unknown() -> None:
    verdict = ask(ALICE, trust=[A, ALICE], chain=[ISSUING], crls=[A.crl()], revocation=LENIENT).verdict
    assert verdict.accepted
    assert verdict.by_fallback
