"""The status page as a value: services, expiries, what to type next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from tests.world import NOW, ca
from xsec.daemons.base import APPLIED, Applied
from xsec.lifecycle import page as pages
from xsec.lifecycle.page import Page
from xsec.pki.trust import TRUST, Entry, TrustList
from xsec.state.engine import Alarm, AlarmState
from xsec.state.kinds import Integer
from xsec.state.rule import Severity
from xsec.state.schema import Schema, Setting
from xsec.state.snapshot import Snapshot

PORT = Setting(path="Web Port", kind=Integer(1, 9999), default=443, help="x", restart="https")
SIZE = Setting(path="Web Size", kind=Integer(1, 9999), default=10, help="x")
SCHEMA = Schema((PORT, SIZE))


def applied(**kwargs: Any) -> Applied:
    given: dict[str, Any] = {
        "service": "https",
        "daemon": "nginx",
        "digest": "12",
        "generation": 4,
        "time": NOW,
        "files": {},
        "inputs": {},
        **kwargs,
    }
    return Applied(**given)


def page(
    *services: Applied, alarms: AlarmState | None = None, sections: Mapping[str, Any] | None = None
) -> Page:
    tree = APPLIED.format({service.service: service for service in services})
    snapshot = Snapshot(
        generation=5,
        made=NOW,
        sections=sections,
        objects=lambda name: memoryview(OBJECTS[name]),
        readings=lambda area: tree if area == APPLIED.area and services else None,
    )
    return pages.page(snapshot, alarms or AlarmState(), SCHEMA, NOW)


OBJECTS = {
    sha256(item.der).hexdigest(): item.der
    for item in (ca("Long", days=900), ca("Short", days=40), ca("Past", days=9, now=NOW - timedelta(days=20)))
}


def commands(shown: Page) -> list[str]:
    return [step.command for step in shown.next]


def test_a_service_that_was_proven_with_an_older_generation_is_behind() -> None:
    assert [service.behind for service in page(applied(), applied(service="sip", generation=5)).services] == [
        True,
        False,
    ]
    assert "xsec apply --dry-run" in commands(page(applied()))
    assert "xsec apply --dry-run" not in commands(page(applied(generation=5)))


def test_a_setting_that_changed_since_the_restart_waits_for_one() -> None:
    shown = page(applied(inputs={"Web Port": "8443", "Web Size": "11"}))
    assert shown.services[0].saved == ("Web Port", "Web Size")
    assert shown.services[0].waiting_for_restart == ("Web Port",)
    assert "xsec restart" in commands(shown)
    assert page(applied(inputs={"Web Port": "443", "Web Size": "10"})).services[0].saved == ()


def test_a_setting_of_another_version_is_passed_over() -> None:
    assert page(applied(inputs={"Gone": "1"})).services[0].saved == ()


def test_the_next_ca_to_end_is_shown_and_not_one_that_has_ended() -> None:
    entries = tuple(Entry(digest=digest, der=der, added=NOW) for digest, der in OBJECTS.items())
    shown = page(sections={"trust": TRUST.format(TrustList(entries=entries))})
    assert shown.trusted == 3
    assert shown.trust_ends is not None
    assert (shown.trust_ends.name, shown.trust_ends.days) == ("CN=Short", 40)


def alarm(number: int, severity: Severity) -> Alarm:
    return Alarm(
        id=number,
        object="a",
        title="T",
        severity=severity,
        expected="e",
        found="f",
        remedy="r",
        raised=NOW,
    )


def test_a_bad_alarm_sends_to_the_doctor_and_a_mild_one_to_the_list() -> None:
    bad = AlarmState(alarms=(alarm(79001, Severity.ERROR),))
    mild = AlarmState(alarms=(alarm(79001, Severity.NOTICE),))
    assert commands(page(alarms=bad))[0] == "xsec doctor"
    assert commands(page(alarms=mild))[0] == "xsec alarm list"


def test_no_more_than_the_worst_alarms_are_shown_and_all_are_counted() -> None:
    many = AlarmState(alarms=tuple(alarm(79001 + n, Severity.WARNING) for n in range(9)))
    shown = page(alarms=many)
    assert (len(shown.worst), shown.alarms) == (pages.WORST, {"warning": 9})


def test_a_new_host_is_led_through_the_main_job() -> None:
    assert commands(page()) == [
        "xsec trust add FILE",
        "xsec cert install CERTIFICATE.pem --key KEY.pem",
        "xsec crl upload FILE",
        "xsec apply --dry-run",
        "xsec tls show",
        "xsec --help",
    ]
