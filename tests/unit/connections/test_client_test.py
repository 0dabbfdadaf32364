"""A client certificate is judged as the host would judge it, and its user name read (CC, CR-5, CR-6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from tests.world.trusting import trusting
from xsec.connections import client_test
from xsec.connections.settings import CRL_CHECK, CRL_INACCESSIBLE
from xsec.errors import InvalidValue
from xsec.lab import pki
from xsec.pki import text
from xsec.pki.verdict import Outcome
from xsec.state.snapshot import Snapshot

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = pki.authority("Root", now=NOW - timedelta(days=1), key=pki.seeded_key("root"))
SUB = pki.authority("Sub", issuer=ROOT, key=pki.seeded_key("sub"))
ALICE = SUB.issue("alice", client=True, key=pki.seeded_key("alice"))
GOOD = (ROOT.crl(), SUB.crl())


def one(data: bytes, snapshot: Snapshot, **how: str) -> client_test.Tested:
    (sample,) = client_test.samples("file", data)
    return client_test.judge(sample, client_test.reader(snapshot, **how), snapshot, NOW)


def codes(result: client_test.Tested) -> set[str]:
    return {check.code for check in result.checks if check.outcome == Outcome.FAILED.value}


# Validity -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [ALICE.chain_pem, ALICE.pem + SUB.pem, SUB.pem + ALICE.pem])
def test_a_certificate_with_its_chain_is_valid_and_gives_its_name(data: bytes) -> None:
    result = one(data, trusting(ROOT, crls=GOOD))
    assert (result.valid, result.code, result.username) == (True, "ok", "alice")
    assert result.accepted_by_fallback is False


def test_der_is_read_by_content() -> None:
    assert one(ALICE.der, trusting(ROOT, SUB, crls=GOOD)).valid is True


def test_a_missing_intermediate_is_named() -> None:
    result = one(ALICE.pem, trusting(ROOT, crls=GOOD))
    assert result.valid is False
    assert codes(result) == {"unable_to_get_issuer_cert_locally"}


def test_an_intermediate_in_the_trust_list_is_no_anchor() -> None:
    assert one(ALICE.pem, trusting(SUB, crls=GOOD)).valid is False


def test_an_authority_for_another_kind_does_not_count() -> None:
    assert one(ALICE.chain_pem, trusting(ROOT, crls=GOOD, kinds=frozenset({"ldap"}))).valid is False


def test_a_server_certificate_is_not_fit_for_client_authentication() -> None:
    server = SUB.issue("host", server=True, key=pki.seeded_key("alice"))
    assert codes(one(server.chain_pem, trusting(ROOT, crls=GOOD))) == {"invalid_purpose"}


# Revocation -----------------------------------------------------------------------------------------------

REVOKED = (ROOT.crl(), SUB.crl([ALICE], number=2))
EXPIRED = SUB.crl(number=2, this_update=NOW - timedelta(hours=2), next_update=NOW - timedelta(hours=1))


def test_a_revoked_certificate_is_refused_with_the_source() -> None:
    result = one(ALICE.chain_pem, trusting(ROOT, crls=REVOKED))
    assert (result.valid, result.code) == (False, "cert_revoked")
    assert [(said.depth, said.outcome) for said in result.revocation] == [(1, "good"), (0, "revoked")]
    assert "manual, crl.pem" in result.revocation[1].source


@pytest.mark.parametrize("fallback", ["Ignore", "Fail"])
def test_an_expired_crl_revokes_whatever_the_fallback_says(fallback: str) -> None:
    snapshot = trusting(ROOT, crls=(ROOT.crl(), EXPIRED), values={CRL_INACCESSIBLE: fallback})
    result = one(ALICE.chain_pem, snapshot)
    assert (result.valid, result.code) == (False, "crl_has_expired")


@pytest.mark.parametrize(("fallback", "valid"), [("Ignore", True), ("Fail", False)])
def test_without_a_crl_the_fallback_decides_and_is_recorded(fallback: str, valid: bool) -> None:
    result = one(ALICE.chain_pem, trusting(ROOT, values={CRL_INACCESSIBLE: fallback}))
    assert (result.valid, result.accepted_by_fallback) == (valid, valid)


@pytest.mark.parametrize(
    ("checking", "crls", "valid"),
    [
        ("None", (SUB.crl([ALICE]),), True),
        ("Peer", (SUB.crl([ALICE]),), False),
        ("Peer", (SUB.crl(),), True),
        ("All", (SUB.crl(),), False),
        ("Peer", (ROOT.crl([SUB]), SUB.crl()), True),
        ("All", (ROOT.crl([SUB]), SUB.crl()), False),
    ],
)
def test_crlcheck_says_which_certificates_are_checked(
    checking: str, crls: tuple[x509.CertificateRevocationList, ...], valid: bool
) -> None:
    values = {CRL_CHECK: checking, CRL_INACCESSIBLE: "Fail"}
    assert one(ALICE.chain_pem, trusting(ROOT, crls=crls, values=values)).valid is valid


# Text that differs ----------------------------------------------------------------------------------------


def test_a_certificate_whose_text_would_differ_is_not_valid_and_the_trick_is_named() -> None:
    forged = b"x\n        Subject: CN=admin"
    comment = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("2.16.840.1.113730.1.13"), bytes([0x16, len(forged)]) + forged
    )
    mallory = SUB.issue("mallory", client=True, key=pki.seeded_key("alice"), extensions=[comment])
    result = one(mallory.chain_pem, trusting(ROOT, crls=GOOD))
    assert (result.valid, result.code, result.username) == (False, "text_differs", None)
    assert [r.detail for r in result.refused] == [r"Netscape Comment holds a line separator (\x0a)"]


# Input ----------------------------------------------------------------------------------------------------


def test_plain_text_tests_the_pattern_only() -> None:
    result = one(text.render(ALICE.der).text.encode(), trusting(ROOT))
    assert (result.valid, result.code, result.username) == (None, "not_checked", "alice")
    assert result.passed is False


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (ALICE.der[:-5], "file"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----\n", "file: block 1, line 2"),
        (b"nothing", "file"),
        (b"", "file"),
        (pki.pem(SUB.key), "file"),
    ],
)
def test_a_malformed_certificate_is_judged_with_its_place(data: bytes, place: str) -> None:
    result = one(data, trusting(ROOT))
    assert (result.valid, result.code, result.where) == (False, "malformed", place)
    assert result.passed is False


def test_each_certificate_of_a_bundle_that_is_no_authority_is_tested() -> None:
    bob = SUB.issue("bob", client=True, key=pki.seeded_key("bob"))
    snapshot = trusting(ROOT, crls=GOOD)
    how = client_test.reader(snapshot)
    found = client_test.samples("file", ALICE.pem + SUB.pem + bob.pem)
    results = [client_test.judge(sample, how, snapshot, NOW) for sample in found]
    assert [(r.username, r.valid) for r in results] == [("alice", True), ("bob", True)]
    assert client_test.summary(results) == client_test.Summary(
        tested=2, passed=2, invalid=0, not_checked=0, without_user=0
    )


def test_json_lines_are_tested_one_by_one() -> None:
    lines = [
        json.dumps({"name": "a", "certificate": ALICE.chain_pem.decode()}),
        "",
        json.dumps({"certificate": "!"}),
        json.dumps({"name": 7}),
        "[]",
    ]
    found = client_test.samples("file", "\n".join(lines).encode())
    assert [(sample.name, bool(sample.fault)) for sample in found] == [
        ("a", False),
        ("file: line 3", True),
        ("file: line 4", True),
        ("file: line 5", True),
    ]


def test_a_tried_pattern_and_format_replace_the_configured_ones() -> None:
    result = one(ALICE.chain_pem, trusting(ROOT), regex="/CN=(?<u>a\\w+)/", template="x-#u#")
    assert result.username == "x-alice"


def test_a_bad_pattern_is_an_error_of_the_command_line() -> None:
    with pytest.raises(InvalidValue):
        client_test.reader(trusting(ROOT), regex="/(/")
