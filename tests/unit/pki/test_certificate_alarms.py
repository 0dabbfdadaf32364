"""Alarms before and after the end of the server certificate and of the CA certificates in use (BA-3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.world import NOW, ca, issue
from xsec.lab.pki import Issued
from xsec.pki import alarms
from xsec.pki.server import IDENTITIES, Identities, Identity
from xsec.pki.trust import TRUST, Entry, TrustList
from xsec.state.rule import Rule, Severity
from xsec.state.snapshot import Sealed, Snapshot

DAY = timedelta(days=1)


def digest(der: bytes) -> str:
    return sha256(der).hexdigest()


def snapshot(server: Issued | None = None, trusted: Iterable[Issued] = (), source: str = "file") -> Snapshot:
    trust = TrustList(
        entries=tuple(Entry(digest=digest(item.der), der=item.der, added=NOW) for item in trusted)
    )
    sections = {"trust": TRUST.format(trust)}
    objects = {digest(item.der): item.der for item in trusted}
    if server is not None:
        chain = tuple(c.public_bytes(Encoding.DER) for c in server.chain)
        identity = Identity(
            certificate=server.der,
            chain=chain,
            key=Sealed("0" * 32),
            public_key_digest="",
            source=source,
            installed=NOW,
        )
        sections["certificates"] = IDENTITIES.format(Identities(server=identity))
        objects |= {digest(der): der for der in (server.der, *chain)}
    return Snapshot(sections=sections, objects=lambda name: memoryview(objects[name]))


def up(rule: Rule, of: Snapshot, now: datetime = NOW) -> list[str]:
    return [finding.object for finding in rule.check(of, now)]


ROOT = ca("Root")
SERVER = issue(ROOT, "vcs.example", server=True, sans=["vcs.example"])  # 90 days
END = SERVER.certificate.not_valid_after_utc


@pytest.mark.parametrize(
    ("now", "ended", "ends"),
    [
        pytest.param(END - 31 * DAY, False, False, id="31 days before"),
        pytest.param(END - 30 * DAY, False, True, id="30 days before"),
        pytest.param(END - DAY, False, True, id="the day before"),
        pytest.param(END.replace(hour=0, minute=0), True, False, id="on its last day"),
        pytest.param(END + DAY, True, False, id="after it"),
    ],
)
def test_a_server_certificate_is_told_of_before_and_after_it_ends(
    now: datetime, ended: bool, ends: bool
) -> None:
    seen = snapshot(SERVER)
    assert (bool(up(alarms.server_ended, seen, now)), bool(up(alarms.server_ends, seen, now))) == (
        ended,
        ends,
    )


def test_a_certificate_of_a_few_days_is_told_of_in_its_last_third_only() -> None:
    seen = snapshot(issue(ROOT, "short", server=True, days=6))
    assert up(alarms.server_ends, seen, NOW + 3 * DAY) == []
    assert up(alarms.server_ends, seen, NOW + 4 * DAY) == ["server certificate"]


def test_a_fresh_certificate_from_a_ca_raises_nothing() -> None:
    seen = snapshot(SERVER, [ROOT])
    assert [rule.id for rule in alarms.RULES if up(rule, seen)] == []


def test_a_store_without_certificates_raises_nothing() -> None:
    assert [rule.id for rule in alarms.RULES if up(rule, Snapshot())] == []


def test_a_certificate_that_begins_later_is_an_alarm() -> None:
    assert up(alarms.server_begins_later, snapshot(SERVER), NOW - DAY) == ["server certificate"]


def test_the_self_signed_default_is_information_and_no_alarm() -> None:
    seen = snapshot(SERVER, source="self-signed")
    assert up(alarms.self_signed, seen) == ["server certificate"]
    assert alarms.self_signed.severity is Severity.INFORMATION


def test_a_certificate_without_a_common_name_is_told_of() -> None:
    assert up(alarms.without_common_name, snapshot(issue(ROOT, "", server=True, sans=["a.example"])))
    assert not up(alarms.without_common_name, snapshot(SERVER))


def test_a_trusted_ca_that_ended_is_an_alarm_only_when_the_server_certificate_hangs_on_it() -> None:
    other = ca("Other", days=10)
    old = ca("Old", days=10)
    seen = snapshot(issue(old, "vcs.example", server=True, days=9), [other, old])
    later = NOW + 20 * DAY
    assert [f.found.split()[0] for f in alarms.issuer_ended.check(seen, later)] == ["CN=Old"]
    assert [f.found.split()[0] for f in alarms.trusted_ended.check(seen, later)] == ["CN=Other"]


def test_the_issuers_that_are_sent_are_watched_too() -> None:
    between = ca("Between", ROOT, days=40)
    seen = snapshot(issue(between, "vcs.example", server=True), [ROOT])
    assert len(up(alarms.issuer_ended, seen, NOW + 35 * DAY)) == 1


def test_a_trust_list_entry_that_does_not_parse_is_passed_over() -> None:
    entry = Entry(digest=digest(b"junk"), der=b"junk", added=NOW)
    seen = Snapshot(
        sections={"trust": TRUST.format(TrustList(entries=(entry,)))},
        objects=lambda name: memoryview(b"junk"),
    )
    assert up(alarms.trusted_ended, seen) == []


def test_a_remedy_that_names_a_ca_names_it_as_commands_take_it() -> None:
    old = ca("Old", days=10)
    (finding,) = alarms.trusted_ended.check(snapshot(None, [old]), NOW + 20 * DAY)
    assert finding.remedy == f"xsec trust remove {digest(old.der)[:12]}"
