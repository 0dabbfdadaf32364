"""Alarms over uploaded CRLs and automatic updates (BA-3, CR-1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.world import NOW, ca, crl
from xsec.revocation import alarms, freshness
from xsec.revocation.manual import MANUAL, ManualCrls, StoredCrl
from xsec.revocation.settings import POINT_URL, UPDATE_MODE
from xsec.state.rule import Rule
from xsec.state.snapshot import Snapshot

DAY = timedelta(days=1)
ROOT = ca("Root")
END = NOW + 30 * DAY


def snapshot(*crls: x509.CertificateRevocationList, file: str = "root.crl") -> Snapshot:
    objects = {sha256(der).hexdigest(): der for der in (c.public_bytes(Encoding.DER) for c in crls)}
    stored = tuple(
        StoredCrl(digest=digest, der=der, file=file, uploaded=NOW) for digest, der in objects.items()
    )
    return Snapshot(
        sections={"crl": MANUAL.format(ManualCrls(crls=stored))},
        objects=lambda name: memoryview(objects[name]),
    )


def up(rule: Rule, of: Snapshot, now: datetime = NOW) -> list[str]:
    return [finding.object for finding in rule.check(of, now)]


@pytest.mark.parametrize(
    ("now", "due", "ended"),
    [
        pytest.param(END - 4 * DAY, False, False, id="four days before nextUpdate"),
        pytest.param(END - 3 * DAY, True, False, id="three days before"),
        pytest.param(END, False, True, id="at nextUpdate"),
    ],
)
def test_a_crl_is_told_of_before_and_after_its_next_update(now: datetime, due: bool, ended: bool) -> None:
    seen = snapshot(crl(ROOT))
    assert (bool(up(alarms.due, seen, now)), bool(up(alarms.ended, seen, now))) == (due, ended)


def test_only_the_newest_crl_of_an_issuer_counts() -> None:
    old = crl(ROOT, number=1, this_update=NOW - 30 * DAY, next_update=NOW - DAY)
    assert up(alarms.ended, snapshot(old)) == ["CN=Root"]
    assert up(alarms.ended, snapshot(crl(ROOT, number=2), old)) == []


def test_the_first_to_end_comes_first() -> None:
    seen = snapshot(crl(ROOT), crl(ca("Other"), next_update=NOW + DAY))
    assert [item.issuer for item in freshness.manual(seen)] == ["CN=Other", "CN=Root"]


def test_a_crl_that_does_not_parse_is_passed_over() -> None:
    junk = StoredCrl(digest=sha256(b"junk").hexdigest(), der=b"junk", file="x", uploaded=NOW)
    seen = Snapshot(
        sections={"crl": MANUAL.format(ManualCrls(crls=(junk,)))}, objects=lambda name: memoryview(b"junk")
    )
    assert freshness.manual(seen) == ()


def test_the_remedy_quotes_the_file_for_a_shell() -> None:
    (finding,) = alarms.ended.check(snapshot(crl(ROOT), file="a b;c.crl"), END)
    assert finding.remedy == "xsec crl upload 'a b;c.crl'"


@pytest.mark.parametrize(
    ("mode", "url", "raised"),
    [("Off", "", False), ("On", "", True), ("On", "http://crl.example/root.crl", False)],
)
def test_automatic_updates_without_a_point_are_an_alarm(mode: str, url: str, raised: bool) -> None:
    values = {UPDATE_MODE.folded: mode, POINT_URL.at(3).key: url}
    assert bool(up(alarms.no_point, Snapshot(values=values))) is raised
