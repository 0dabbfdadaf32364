"""Manual CRLs: replaced whole, never by older ones unasked, and asked of certificates (CR-4, CR-9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509

from tests.world import NOW, ca, crl, issue
from xsec.errors import Damaged, InvalidValue, Refused
from xsec.lab import pki
from xsec.pki.addition import plan_add
from xsec.pki.container import read
from xsec.revocation import inventory, lookup, manual
from xsec.revocation.manual import MANUAL, plan_remove, plan_upload
from xsec.revocation.status import Status
from xsec.state.plan import Plan
from xsec.state.snapshot import Snapshot

DAY = timedelta(days=1)
ROOT = ca("Root")
OTHER = ca("Other")
ALICE = issue(ROOT, "alice", client=True)
BOB = issue(ROOT, "bob", client=True)
Crl = x509.CertificateRevocationList


def trusting(*items: pki.Issued | Crl) -> Snapshot:
    return plan_add(Snapshot(), [read(pki.pem(*items), "ca.pem")], NOW).on(Snapshot())


TRUSTED = trusting(ROOT, OTHER)


def upload(
    snapshot: Snapshot, *crls: Crl, now: datetime = NOW, older: bool = False, force: bool = False
) -> Plan:
    content = read(pki.pem(*crls), "crls.pem")
    return plan_upload(snapshot, content, now, allow_older=older, force=force)


def having(*crls: Crl, trusted: Snapshot = TRUSTED) -> Snapshot:
    return upload(trusted, *crls, force=True).on(trusted)


# Uploading


def test_an_upload_keeps_each_crl_byte_for_byte_in_its_order() -> None:
    held = having(crl(OTHER), crl(ROOT))[MANUAL]
    assert [stored.der for stored in held.crls] == [pki.der(crl(OTHER)), pki.der(crl(ROOT))]


def test_an_upload_replaces_the_former_file_whole_and_names_each_ca_that_loses_its_crl() -> None:
    held = having(crl(OTHER), crl(ROOT))
    plan = upload(held, crl(ROOT, number=2))
    assert [stored.der for stored in plan.on(held)[MANUAL].crls] == [pki.der(crl(ROOT, number=2))]
    assert plan.warnings == ("CN=Other loses its CRL: nothing then tells of its revoked certificates",)


def test_the_same_file_again_is_nothing_to_do() -> None:
    held = having(crl(ROOT))
    assert not upload(held, crl(ROOT), now=NOW + DAY).sections


def test_a_crl_twice_in_a_file_counts_once() -> None:
    assert len(having(crl(ROOT), crl(ROOT))[MANUAL].crls) == 1


def test_removing_names_each_ca_that_loses_its_crl() -> None:
    held = having(crl(ROOT))
    plan = plan_remove(held)
    assert "CN=Root loses its CRL" in plan.warnings[0]
    assert not plan.on(held)[MANUAL].crls


def test_removing_nothing_is_nothing_to_do() -> None:
    assert not plan_remove(TRUSTED).sections


@pytest.mark.parametrize(
    ("data", "what"),
    [
        pytest.param(pki.pem(ROOT), "this is a certificate", id="certificate"),
        pytest.param(pki.pem(ROOT.key), "holds no CRL", id="key"),
    ],
)
def test_a_file_with_anything_but_crls_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(InvalidValue, match=what):
        plan_upload(TRUSTED, read(data, "f.pem"), NOW)


# Who signed it

STRANGER = ca("Stranger")
FORGED = crl(ROOT, key=pki.seeded_key("forger"))


@pytest.mark.parametrize(
    ("given", "what"),
    [
        pytest.param(crl(STRANGER), "CN=Stranger, which is neither in the trust list", id="unknown CA"),
        pytest.param(FORGED, "not signed by the key of that CA", id="forged"),
    ],
)
def test_a_crl_that_no_known_ca_signed_is_refused_unless_forced(given: Crl, what: str) -> None:
    with pytest.raises(Refused, match=what):
        upload(TRUSTED, given)
    assert "kept by --force" in upload(TRUSTED, given, force=True).warnings[0]


def test_with_two_keys_of_one_name_the_one_that_signed_counts() -> None:
    renewed = ca("Root", key=pki.seeded_key("renewed root"))
    assert having(crl(renewed), trusted=trusting(ROOT, renewed))[MANUAL].crls


# What cannot be read

DAMAGED = crl(
    ROOT,
    extensions=((x509.UnrecognizedExtension(x509.IssuingDistributionPoint.oid, b"\x30\x05\x81\x01"), True),),
)


def test_a_crl_with_an_extension_that_cannot_be_read_is_refused_unless_forced() -> None:
    with pytest.raises(Refused, match="CN=Root may cover a part only: an extension cannot be read"):
        upload(TRUSTED, DAMAGED)
    assert any("kept by --force" in warning for warning in upload(TRUSTED, DAMAGED, force=True).warnings)


def test_a_crl_with_an_extension_that_cannot_be_read_speaks_for_no_certificate() -> None:
    assert manual.described(pki.der(DAMAGED), NOW).scope.startswith("unknown: an extension cannot be read")
    assert lookup.check(having(DAMAGED), ALICE.der, NOW).status is Status.UNDETERMINED


# Older ones


@pytest.mark.parametrize(
    ("given", "what"),
    [
        pytest.param(
            crl(ROOT, number=4, this_update=NOW + DAY), "number 4, the present one has 5", id="lower"
        ),
        pytest.param(crl(ROOT, ALICE, number=5), "number 5 as the present one", id="equal"),
        pytest.param(crl(ROOT, number=6, this_update=NOW - DAY), "before the present one", id="earlier"),
        pytest.param(crl(ROOT, number=None, this_update=NOW + DAY), "has number None", id="no number"),
    ],
)
def test_an_older_crl_is_refused_unless_allowed(given: Crl, what: str) -> None:
    held = having(crl(ROOT, number=5))
    with pytest.raises(Refused, match=f"crl_rollback: the CRL of CN=Root .*{what}"):
        upload(held, given)
    with pytest.raises(Refused, match="crl_rollback"):
        upload(held, given, force=True)
    assert upload(held, given, older=True).sections


def test_a_newer_crl_replaces_an_older_one_also_with_twenty_octets_of_number() -> None:
    held = having(crl(ROOT, number=2**158))
    assert upload(held, crl(ROOT, number=2**158 + 1, this_update=NOW + DAY)).sections
    with pytest.raises(Refused, match="crl_rollback"):
        upload(held, crl(ROOT, number=2**158 - 1, this_update=NOW + DAY))


def point(**flags: bool) -> x509.IssuingDistributionPoint:
    usual = {
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(
        full_name=None, relative_name=None, only_some_reasons=None, **{**usual, **flags}
    )


USERS = (point(only_contains_user_certs=True), True)
CAS = (point(only_contains_ca_certs=True), True)
DELTA = (x509.DeltaCRLIndicator(5), True)


@pytest.mark.parametrize("scope", [USERS, CAS, DELTA], ids=["users", "CAs", "delta"])
def test_another_scope_has_numbers_of_its_own(scope: pki.Extra) -> None:
    held = having(crl(ROOT, number=5))
    assert upload(held, crl(ROOT, number=1, extensions=[scope])).sections


def test_within_a_scope_older_ones_are_refused() -> None:
    held = having(crl(ROOT, number=5, extensions=[USERS]), crl(ROOT, number=1))
    with pytest.raises(Refused, match="crl_rollback"):
        upload(held, crl(ROOT, number=4, extensions=[USERS]), crl(ROOT, number=1))


# What is told


def test_an_expired_crl_is_kept_and_its_consequence_told() -> None:
    plan = upload(TRUSTED, crl(ROOT), now=NOW + 31 * DAY)
    assert "every certificate of that CA counts as revoked" in plan.warnings[0]


def test_a_crl_of_the_future_is_told_of() -> None:
    assert "is not yet valid" in upload(TRUSTED, crl(ROOT, this_update=NOW + DAY)).warnings[0]


@pytest.mark.parametrize(
    ("now", "state"),
    [
        pytest.param(NOW - timedelta(seconds=1), "not yet valid", id="before thisUpdate"),
        pytest.param(NOW, "current", id="at thisUpdate"),
        pytest.param(NOW + 30 * DAY - timedelta(seconds=1), "current", id="before nextUpdate"),
        pytest.param(NOW + 30 * DAY, "expired", id="at nextUpdate"),
    ],
)
def test_a_crl_is_current_from_this_update_until_next_update(now: datetime, state: str) -> None:
    assert manual.state(crl(ROOT), now) == state


# Asking


def test_a_listed_certificate_is_revoked_with_its_source_number_dates_and_reason() -> None:
    entry = pki.revoked(ALICE, x509.ReasonFlags.key_compromise, date=NOW - DAY)
    answer = lookup.check(having(crl(ROOT, entry, number=7)), ALICE.der, NOW)
    said = answer.evidence[0]
    assert answer.status is Status.REVOKED
    assert (said.source, said.number, said.reason) == ("manual: crls.pem", 7, "keyCompromise")
    assert (said.revocation_date, said.this_update, said.next_update) == (NOW - DAY, NOW, NOW + 30 * DAY)


@pytest.mark.parametrize(
    ("given", "now", "status", "detail"),
    [
        pytest.param(crl(ROOT, ALICE), NOW, Status.GOOD, "not listed", id="not listed"),
        pytest.param(crl(ROOT), NOW + 30 * DAY, Status.FAILED, "crl_has_expired", id="expired"),
        pytest.param(crl(ROOT, BOB), NOW + 30 * DAY, Status.REVOKED, "listed", id="listed, expired"),
        pytest.param(crl(ROOT), NOW - DAY, Status.UNDETERMINED, "not yet valid", id="future"),
        pytest.param(crl(ROOT, extensions=[USERS]), NOW, Status.UNDETERMINED, "a part", id="scoped"),
        pytest.param(crl(ROOT, extensions=[DELTA]), NOW, Status.UNDETERMINED, "a part", id="delta"),
        pytest.param(crl(ROOT, BOB, extensions=[DELTA]), NOW, Status.REVOKED, "listed", id="in a delta"),
        pytest.param(FORGED, NOW, Status.UNDETERMINED, "verifies the CRL's signature", id="forged"),
        pytest.param(crl(OTHER, BOB), NOW, Status.UNDETERMINED, "no CRL of this issuer", id="another CA's"),
    ],
)
def test_what_crls_say_of_bob(given: Crl, now: datetime, status: Status, detail: str) -> None:
    answer = lookup.check(having(given), BOB.der, now)
    assert (answer.status, detail in answer.detail) == (status, True)


def test_a_forged_crl_revokes_nobody() -> None:
    forged = crl(ROOT, BOB, key=pki.seeded_key("forger"))
    assert lookup.check(having(forged), BOB.der, NOW).status is Status.UNDETERMINED


def test_an_entry_in_any_crl_wins() -> None:
    held = having(crl(ROOT), trusted=trusting(ROOT, crl(ROOT, BOB, number=9)))
    answer = lookup.check(held, BOB.der, NOW)
    assert (answer.status, len(answer.evidence)) == (Status.REVOKED, 2)


# Listing and storing


def test_crls_are_found_by_number_and_fingerprint() -> None:
    held = having(crl(ROOT), crl(OTHER))
    second = held[MANUAL].crls[1]
    assert inventory.find(held, "2") == second.der
    assert inventory.find(held, second.digest[:6]) == second.der
    assert inventory.find(held, "3") is None


def test_an_entry_is_found_by_its_serial_number() -> None:
    found = inventory.entries([pki.der(crl(ROOT, 0xABCD))], "AB:CD")
    assert [(entry.serial, entry.reason) for entry in found] == [("ab:cd", "unspecified")]


@pytest.mark.parametrize("serial", ["", "xyz", "1" * 41, "-1"])
def test_what_is_no_serial_number_is_refused(serial: str) -> None:
    with pytest.raises(InvalidValue):
        inventory.entries([pki.der(crl(ROOT))], serial)


def test_embedded_crls_are_listed_beside_the_uploaded_ones() -> None:
    held = having(crl(OTHER), trusted=trusting(ROOT, OTHER, crl(ROOT)))
    assert [(row.id, row.source) for row in inventory.inventory(held, NOW)] == [
        ("1", "manual"),
        ("c1", "embedded"),
    ]


def test_the_section_reads_back_what_it_wrote() -> None:
    held = having(crl(ROOT), crl(OTHER))
    again = Snapshot(sections={"crl": MANUAL.format(held[MANUAL])}, objects=held.blob)
    assert again[MANUAL] == held[MANUAL]


@pytest.mark.parametrize("tree", [[], {"manual": 5}, {"manual": [{}]}, "text"])
def test_a_section_that_xsec_did_not_write_is_damaged(tree: object) -> None:
    with pytest.raises(Damaged):
        Snapshot(sections={"crl": tree}, objects=lambda digest: memoryview(b""))[MANUAL]


def test_an_object_that_is_no_crl_can_be_replaced_and_removed() -> None:
    """A document of an older build could bring one."""
    der = ALICE.der
    digest = sha256(der).hexdigest()
    stored = {"manual": [{"digest": digest, "file": "x", "uploaded": NOW.isoformat()}]}
    held = Plan(base=0, summary="", sections={"crl": stored}, objects={digest: der}).on(TRUSTED)
    assert upload(held, crl(ROOT)).on(held)[MANUAL].crls[0].der == pki.der(crl(ROOT))
    assert plan_remove(held).on(held)[MANUAL].crls == ()
