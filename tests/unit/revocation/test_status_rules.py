"""Revocation by CRLs, a rule of rules.md 5.2 and 5.4 a test."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from tests.world.verifying import NOW, START, ask, ca, code, leaf, signed_otherwise
from xsec.connections.verify import read_crls
from xsec.lab.pki import Extra, Issued, der, name_of, revoked
from xsec.pki.path.validate import Purpose
from xsec.pki.verdict import Outcome
from xsec.revocation.policy import Checking, RevocationPolicy, Undetermined
from xsec.revocation.status import Status

ROOT = ca("Root")
ALICE = leaf(ROOT, "alice")
LENIENT = RevocationPolicy(undetermined=Undetermined.ACCEPT)
HOLD = x509.ReasonFlags.certificate_hold
Crl = x509.CertificateRevocationList


def idp(**options: Any) -> Extra:
    usual: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**usual, **options}), True


def uri(text: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(text)


def point(
    *names: str, reasons: set[x509.ReasonFlags] | None = None, issuer: str = ""
) -> x509.CRLDistributionPoints:
    who = [x509.DirectoryName(name_of(issuer))] if issuer else None
    full = [uri(name) for name in names] or None
    flags = frozenset(reasons) if reasons else None
    return x509.CRLDistributionPoints([x509.DistributionPoint(full, None, flags, who)])


def judged(*crls: Crl, target: Issued = ALICE, **options: Any) -> str:
    options.setdefault("trust", [ROOT])
    return code(target, crls=crls, **options)


# CL-1 Time -----------------------------------------------------------------------------------------------


def test_a_current_crl_without_the_certificate_is_good() -> None:
    assert judged(ROOT.crl([12345])) == "ok"


def test_an_entry_revokes() -> None:
    assert judged(ROOT.crl([ALICE])) == "cert_revoked"


def test_no_crl_at_all_is_undetermined() -> None:
    assert judged() == "unable_to_get_crl"


def test_a_crl_of_the_future_does_not_count() -> None:
    assert judged(ROOT.crl(this_update=NOW + timedelta(minutes=6))) == "crl_not_yet_valid"
    assert judged(ROOT.crl(this_update=NOW + timedelta(minutes=4))) == "ok"


# SR-2, CR-6 Expired --------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [RevocationPolicy(), LENIENT], ids=["reject", "accept"])
def test_an_expired_crl_revokes_every_certificate_of_its_ca_whatever_the_fallback(
    policy: RevocationPolicy,
) -> None:
    assert judged(ROOT.crl(next_update=NOW), revocation=policy) == "crl_has_expired"


def test_an_expired_list_never_displaces_a_current_one() -> None:
    current = ROOT.crl(number=1)
    assert judged(current, ROOT.crl(number=1, next_update=NOW)) == "ok"


# CL-2, CL-6 Issuer and signer ----------------------------------------------------------------------------


def test_the_crl_of_another_ca_says_nothing() -> None:
    assert judged(ca("Other").crl()) == "unable_to_get_crl"


def test_a_crl_with_the_issuers_name_and_another_key_says_nothing() -> None:
    forged = ROOT.crl(key=ca("Forger").key, without=[ExtensionOID.AUTHORITY_KEY_IDENTIFIER])
    assert judged(forged) == "crl_signature_failure"


def test_a_ca_without_crl_sign_signs_no_crl() -> None:
    usage = x509.KeyUsage(False, False, False, False, False, True, False, False, False)
    silent = ca("Silent", ROOT, extensions=[(usage, True)])
    got = judged(ROOT.crl(), silent.crl(), target=leaf(silent), chain=[silent])
    assert got == "keyusage_no_crl_sign"


def test_a_crl_that_names_another_key_of_its_issuer_does_not_count() -> None:
    other = x509.AuthorityKeyIdentifier(b"another key", None, None)
    assert judged(ROOT.crl(extensions=[other])) == "akid_skid_mismatch"


def test_a_crl_whose_inner_and_outer_signature_algorithm_differ_is_left_out() -> None:
    odd = signed_otherwise(der(ROOT.crl()), ROOT)
    assert code(ALICE, trust=[ROOT], crls=[odd]) == "unable_to_get_crl"
    assert len(read_crls([(odd, "")])[1]) == 1


SIGNER = ca("Middle", ROOT, seed="CRL key")
MIDDLE = ca("Middle", ROOT)
BELOW = leaf(MIDDLE)


def test_a_separate_crl_key_below_the_same_anchor_counts() -> None:
    got = judged(ROOT.crl(), SIGNER.crl(), target=BELOW, chain=[MIDDLE, SIGNER])
    assert got == "ok"


def test_a_separate_crl_key_that_is_revoked_does_not_count() -> None:
    got = judged(ROOT.crl([SIGNER]), SIGNER.crl(), target=BELOW, chain=[MIDDLE, SIGNER])
    assert got == "crl_path_validation_error"


def test_a_separate_crl_key_below_another_anchor_does_not_count() -> None:
    elsewhere = ca("Elsewhere")
    stranger = ca("Middle", elsewhere, seed="stranger")
    crls = [ROOT.crl(), elsewhere.crl(), stranger.crl()]
    got = judged(*crls, target=BELOW, chain=[MIDDLE, stranger], trust=[ROOT, elsewhere])
    assert got == "crl_path_validation_error"


def test_a_ca_may_sign_with_its_new_key_the_crl_that_covers_the_key_change() -> None:
    old, new = MIDDLE, ca("Middle", MIDDLE, seed="new key")
    crls = [ROOT.crl(), new.crl()]
    assert judged(*crls, target=leaf(new), chain=[old, new]) == "ok"
    assert judged(ROOT.crl(), new.crl([new]), target=leaf(new), chain=[old, new]) == "cert_revoked"


# CL-3, CL-4, CL-5 Scope ----------------------------------------------------------------------------------


def test_a_shard_answers_only_for_certificates_that_name_it() -> None:
    one = leaf(ROOT, extensions=[point("http://crl/1")])
    shard = ROOT.crl([one], extensions=[idp(full_name=[uri("http://crl/1")])])
    other = ROOT.crl(extensions=[idp(full_name=[uri("http://crl/2")])])
    assert judged(other, target=one) == "unable_to_get_crl"
    assert judged(shard, target=one) == "cert_revoked"
    assert judged(shard, target=ALICE) == "unable_to_get_crl"


def test_any_name_of_any_point_will_do() -> None:
    both = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint([uri("ldap://a")], None, None, None),
            x509.DistributionPoint([uri("ldap://b"), uri("http://crl/2")], None, None, None),
        ]
    )
    shard = ROOT.crl(extensions=[idp(full_name=[uri("http://crl/2"), uri("http://x")])])
    assert judged(shard, target=leaf(ROOT, extensions=[both])) == "ok"


def test_a_relative_name_is_completed_by_the_issuers() -> None:
    rdn = x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shard")])
    relative = x509.CRLDistributionPoints([x509.DistributionPoint(None, rdn, None, None)])
    whole = x509.Name([*ROOT.certificate.subject, *rdn])
    shard = ROOT.crl(extensions=[idp(full_name=[x509.DirectoryName(whole)])])
    assert judged(shard, target=leaf(ROOT, extensions=[relative])) == "ok"
    assert (
        judged(ROOT.crl(extensions=[idp(relative_name=rdn)]), target=leaf(ROOT, extensions=[relative]))
        == "ok"
    )


@pytest.mark.parametrize(
    ("scope", "end_entity", "authority"),
    [
        ({"only_contains_user_certs": True}, "ok", "unable_to_get_crl"),
        ({"only_contains_ca_certs": True}, "unable_to_get_crl", "ok"),
        ({"only_contains_attribute_certs": True}, "unable_to_get_crl", "unable_to_get_crl"),
    ],
)
def test_a_crl_for_one_kind_of_certificate_says_nothing_of_the_other(
    scope: dict[str, bool], end_entity: str, authority: str
) -> None:
    made = ROOT.crl(extensions=[idp(**scope)])
    assert judged(made, target=ALICE) == end_entity
    assert judged(made, target=MIDDLE) == authority


def test_good_needs_every_reason() -> None:
    flags = set(x509.ReasonFlags) - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}
    some = {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise}
    first = ROOT.crl(extensions=[idp(only_some_reasons=frozenset(some))])
    second = ROOT.crl(extensions=[idp(only_some_reasons=frozenset(flags - some))])
    assert judged(first) == "unable_to_get_crl"
    assert judged(first, second) == "ok"
    expired = ROOT.crl(extensions=[idp(only_some_reasons=frozenset(flags - some))], next_update=NOW)
    assert judged(first, expired) == "crl_has_expired"


def test_a_crl_for_no_reason_covers_none() -> None:
    empty = x509.UnrecognizedExtension(ExtensionOID.ISSUING_DISTRIBUTION_POINT, bytes.fromhex("3003830100"))
    assert judged(ROOT.crl(extensions=[(empty, True)])) == "unable_to_get_crl"


# CL-7 Indirect -------------------------------------------------------------------------------------------


COLLECTOR = ca("Collector", ROOT)
COLLECTED = leaf(ROOT, extensions=[point(issuer="Collector")])


def test_an_indirect_crl_counts_where_the_certificate_names_its_issuer() -> None:
    entry = revoked(
        COLLECTED, extensions=[(x509.CertificateIssuer([x509.DirectoryName(name_of("Root"))]), True)]
    )
    clean, listed = (COLLECTOR.crl(found, extensions=[idp(indirect_crl=True)]) for found in ((), (entry,)))
    crls = [ROOT.crl(extensions=[idp(only_contains_ca_certs=True)])]
    assert judged(*crls, clean, target=COLLECTED, chain=[COLLECTOR]) == "ok"
    assert judged(*crls, listed, target=COLLECTED, chain=[COLLECTOR]) == "cert_revoked"


def test_the_crl_of_another_issuer_counts_only_when_it_is_indirect() -> None:
    crls = [ROOT.crl(extensions=[idp(only_contains_ca_certs=True)]), COLLECTOR.crl()]
    assert judged(*crls, target=COLLECTED, chain=[COLLECTOR]) == "unable_to_get_crl"


# CL-8, CL-9 Deltas ---------------------------------------------------------------------------------------


def delta(*found: object, number: int = 12, base: int = 10, **options: Any) -> Crl:
    made: Crl = ROOT.crl(found, number=number, extensions=[(x509.DeltaCRLIndicator(base), True)], **options)  # type: ignore[arg-type]  # as the lab takes them
    return made


def test_a_delta_alone_proves_nothing_good() -> None:
    assert judged(delta()) == "unable_to_get_crl"


def test_a_delta_revokes_and_takes_back() -> None:
    listed, clean = ROOT.crl([revoked(ALICE, HOLD)], number=10), ROOT.crl(number=10)
    assert judged(listed) == "cert_revoked"
    assert judged(clean, delta(ALICE)) == "cert_revoked"
    assert judged(listed, delta(revoked(ALICE, x509.ReasonFlags.remove_from_crl))) == "ok"


@pytest.mark.parametrize(
    "made",
    [
        pytest.param({"base": 11}, id="built on a later list"),
        pytest.param({"number": 10}, id="not newer than the list"),
        pytest.param({"next_update": NOW}, id="expired"),
        pytest.param({"key": ca("Forger").key}, id="signed by another"),
        pytest.param({"without": [ExtensionOID.AUTHORITY_KEY_IDENTIFIER]}, id="another AKI"),
    ],
)
def test_only_a_delta_that_fits_takes_back(made: dict[str, Any]) -> None:
    listed = ROOT.crl([revoked(ALICE, HOLD)], number=10)
    assert judged(listed, delta(revoked(ALICE, x509.ReasonFlags.remove_from_crl), **made)) == "cert_revoked"


def test_a_delta_of_another_scope_does_not_take_back() -> None:
    listed = ROOT.crl([revoked(ALICE, HOLD)], number=10, extensions=[idp(only_contains_user_certs=True)])
    assert judged(listed, delta(revoked(ALICE, x509.ReasonFlags.remove_from_crl))) == "cert_revoked"


def test_remove_from_crl_makes_a_complete_list_unusable() -> None:
    assert judged(ROOT.crl([revoked(ALICE, x509.ReasonFlags.remove_from_crl)])) == "unusable_crl"


def test_a_hold_is_revoked() -> None:
    assert judged(ROOT.crl([revoked(ALICE, HOLD)])) == "cert_revoked"


# CL-10, CL-11, CL-12, CL-13 ------------------------------------------------------------------------------


UNKNOWN: Extra = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True


def test_an_unknown_critical_extension_cannot_say_good_and_still_revokes() -> None:
    assert judged(ROOT.crl(extensions=[UNKNOWN])) == "unusable_crl"
    assert judged(ROOT.crl([revoked(7, extensions=[UNKNOWN])])) == "unusable_crl"
    assert judged(ROOT.crl([ALICE], extensions=[UNKNOWN])) == "cert_revoked"


@pytest.mark.parametrize("days", [-300, 300])
def test_dates_of_an_entry_do_not_change_the_answer(days: int) -> None:
    when = NOW + timedelta(days=days)
    invalid = x509.InvalidityDate(when.replace(tzinfo=None))
    assert judged(ROOT.crl([revoked(ALICE, date=when, extensions=[invalid])])) == "cert_revoked"


def test_the_highest_number_of_one_key_and_scope_decides() -> None:
    assert judged(ROOT.crl([ALICE], number=1), ROOT.crl(number=2)) == "ok"
    assert judged(ROOT.crl(number=1), ROOT.crl([ALICE], number=2)) == "cert_revoked"
    assert judged(ROOT.crl([ALICE], number=2), ROOT.crl(number=2)) == "cert_revoked"


def test_the_crl_of_another_key_takes_no_entry_off() -> None:
    crls = [ROOT.crl(), MIDDLE.crl([BELOW], number=1), SIGNER.crl(number=2)]
    assert judged(*crls, target=BELOW, chain=[MIDDLE, SIGNER]) == "cert_revoked"


def test_an_entry_in_an_expired_crl_rejects_until_a_newer_one_no_longer_has_it() -> None:
    old = ROOT.crl([ALICE], number=1, next_update=NOW)
    assert judged(old, revocation=LENIENT) == "cert_revoked"
    assert judged(old, ROOT.crl(number=2)) == "ok"


@pytest.mark.parametrize(
    "newer",
    [
        pytest.param({"extensions": [UNKNOWN]}, id="unusable"),
        pytest.param({"this_update": NOW + timedelta(days=1)}, id="of the future"),
        pytest.param({"extensions": [idp(only_contains_user_certs=True)]}, id="of another scope"),
    ],
)
def test_a_newer_crl_that_does_not_count_takes_no_entry_off(newer: dict[str, Any]) -> None:
    assert judged(ROOT.crl([ALICE], number=1), ROOT.crl(number=2, **newer)) == "cert_revoked"


# SR-1, SR-3, SR-4 ----------------------------------------------------------------------------------------


def test_every_certificate_below_the_anchor_is_checked() -> None:
    crls = [ROOT.crl([MIDDLE]), MIDDLE.crl()]
    verdict = ask(BELOW, trust=[ROOT], chain=[MIDDLE], crls=crls).verdict
    assert (verdict.code, verdict.failures[0].depth) == ("cert_revoked", 1)


def test_peer_checking_looks_at_the_end_entity_only() -> None:
    crls = [ROOT.crl([MIDDLE]), MIDDLE.crl()]
    peer = RevocationPolicy(checking=Checking.PEER)
    assert judged(*crls, target=BELOW, chain=[MIDDLE], revocation=peer) == "ok"
    assert (
        judged(ROOT.crl(), MIDDLE.crl([BELOW]), target=BELOW, chain=[MIDDLE], revocation=peer)
        == "cert_revoked"
    )


def test_the_anchor_itself_is_not_checked() -> None:
    assert judged(ROOT.crl([ROOT])) == "ok"


def test_undetermined_is_told_from_good_where_it_is_accepted() -> None:
    decision = ask(ALICE, trust=[ROOT], revocation=LENIENT)
    assert decision.verdict.accepted
    assert decision.verdict.by_fallback
    assert [(depth, answer.status) for depth, answer in decision.revocation] == [(0, Status.UNDETERMINED)]
    assert [check.outcome for check in decision.verdict.checks if check.code == "cert_revoked"] == [
        Outcome.WARNED
    ]


def test_the_status_names_its_source() -> None:
    decision = ask(ALICE, trust=[ROOT], crls=[ROOT.crl(number=7)])
    assert decision.revocation[0][1].detail == "not listed in CRL of CN=Root, number 7"
    assert not decision.verdict.by_fallback


def test_what_one_path_shows_to_be_revoked_is_not_accepted_by_another() -> None:
    """Below the other anchor nobody vouches for the CRL, and the fallback would accept."""
    other = ca("Other")
    crossed = ca("Middle", other, seed="Middle")
    signer = ca("Middle", ROOT, seed="CRL key")
    crls = [ROOT.crl(), signer.crl([BELOW])]
    got = code(BELOW, trust=[ROOT, other], chain=[MIDDLE, crossed, signer], crls=crls, revocation=LENIENT)
    assert got == "cert_revoked"


def test_an_end_entity_in_the_trust_list_that_its_ca_revoked_is_refused() -> None:
    assert judged(ROOT.crl([ALICE]), trust=[ROOT, ALICE]) == "cert_revoked"


def test_the_order_of_crls_does_not_matter() -> None:
    crls = [ROOT.crl([ALICE], number=1), ROOT.crl(number=2), delta(number=3, base=2), ca("Other").crl()]
    assert {judged(*order) for order in permutations(crls)} == {"ok"}


def test_revocation_is_not_asked_for_when_it_is_off() -> None:
    off = RevocationPolicy(checking=Checking.OFF)
    decision = ask(ALICE, trust=[ROOT], crls=[ROOT.crl([ALICE])], revocation=off, purpose=Purpose.CLIENT)
    assert decision.verdict.accepted
    assert [c.outcome for c in decision.verdict.checks if c.code == "cert_revoked"] == [Outcome.NOT_CHECKED]


def test_crls_before_the_small_pki_began_are_of_no_use() -> None:
    assert judged(ROOT.crl(this_update=START - timedelta(days=60))) == "crl_has_expired"
