"""`crl check`: the validator's answer with what each CRL says (CR-9)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.world import NOW, ca, crl, issue
from xsec.connections.revoked import check
from xsec.lab import pki
from xsec.pki.addition import plan_add
from xsec.pki.container import read
from xsec.revocation.manual import plan_upload
from xsec.revocation.status import Status
from xsec.state.snapshot import Snapshot

ROOT = ca("Root")
ISSUING = ca("Issuing", ROOT)
ALICE = issue(ISSUING, "alice", client=True)
EMPTY = Snapshot()
TRUSTED = plan_add(EMPTY, [read(pki.pem(ROOT), "ca.pem")], NOW).on(EMPTY)
BETWEEN = [pki.der(ISSUING.certificate)]


def having(*crls: object) -> Snapshot:
    content = read(pki.pem(*crls), "crls.pem")  # type: ignore[arg-type]  # CRLs of the lab
    return plan_upload(TRUSTED, content, NOW, force=True).on(TRUSTED)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param(crl(ISSUING), Status.GOOD, id="not listed"),
        pytest.param(crl(ISSUING, ALICE), Status.REVOKED, id="listed"),
        pytest.param(crl(ROOT), Status.UNDETERMINED, id="another CA's"),
        pytest.param(crl(ISSUING, ALICE, key=pki.seeded_key("x")), Status.UNDETERMINED, id="forged"),
    ],
)
def test_the_answer_is_the_validators(given: object, status: Status) -> None:
    assert check(having(given, crl(ROOT)), ALICE.der, BETWEEN, NOW).status is status


def test_an_expired_crl_fails_the_check() -> None:
    later = NOW + timedelta(days=31)
    answer = check(having(crl(ISSUING), crl(ROOT)), ALICE.der, BETWEEN, later)
    assert answer.status is Status.FAILED


def test_number_dates_and_reason_come_with_the_answer() -> None:
    answer = check(having(crl(ISSUING, ALICE, number=7), crl(ROOT)), ALICE.der, BETWEEN, NOW)
    said = answer.evidence[0]
    assert (said.status, said.number, said.reason) == (Status.REVOKED, 7, "unspecified")
    assert said.revocation_date == NOW


def test_an_expired_certificate_is_answered_by_each_crl_alone() -> None:
    later = NOW + timedelta(days=100)
    held = having(crl(ISSUING, ALICE, next_update=NOW + timedelta(days=200)), crl(ROOT))
    answer = check(held, ALICE.der, BETWEEN, later)
    assert "no path is valid" in answer.detail
