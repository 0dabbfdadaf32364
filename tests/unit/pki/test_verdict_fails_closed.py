"""What a verdict makes of its checks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xsec.pki.verdict import Check, Outcome, Verdict

AT = datetime(2030, 6, 1, tzinfo=UTC)
DUTIES = frozenset((("cert_has_expired", 0), ("cert_has_expired", 1)))


def verdict(*checks: Check) -> Verdict:
    return Verdict(at=AT, duties=DUTIES, checks=checks)


def check(depth: int, outcome: Outcome = Outcome.PASSED, code: str = "cert_has_expired") -> Check:
    return Check(code, depth, outcome)


def test_every_duty_done_accepts() -> None:
    assert verdict(check(0), check(1)).accepted


def test_a_warning_lets_pass() -> None:
    assert verdict(check(0), check(1, Outcome.WARNED)).accepted


@pytest.mark.parametrize(
    "checks",
    [
        pytest.param((), id="no check"),
        pytest.param((check(0),), id="one depth missing"),
        pytest.param((check(0), check(0)), id="one depth twice"),
        pytest.param((check(0), check(1, Outcome.FAILED)), id="failed"),
        pytest.param((check(0), check(1), check(1, Outcome.FAILED)), id="passed and failed"),
        pytest.param((check(0), check(1, Outcome.NOT_CHECKED)), id="not checked"),
        pytest.param((check(0), check(1), check(1, Outcome.NOT_CHECKED)), id="checked and not checked"),
        pytest.param((check(0), check(1), check(0, Outcome.FAILED, "other")), id="another check failed"),
    ],
)
def test_a_gap_or_a_failure_rejects(checks: tuple[Check, ...]) -> None:
    assert not verdict(*checks).accepted


def test_a_verdict_without_duties_rejects() -> None:
    assert not Verdict(at=AT, duties=frozenset(), checks=(check(0),)).accepted


def test_a_gap_has_a_code_of_its_own() -> None:
    assert verdict(check(0)).code == "not_checked"
    assert verdict(check(0)).undone == {("cert_has_expired", 1)}
