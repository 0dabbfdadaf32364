"""Saved, applied, and waiting for a restart (SY-6), and the alarms that say so."""

from __future__ import annotations

from collections.abc import Mapping

from tests.daemons.estate import estate
from tests.world import NOW, ca, crl, issue
from xsec.connections.settings import MODE
from xsec.daemons import settings
from xsec.daemons.alarms import (
    drifted,
    https_waits,
    mode_waits,
    not_applied,
    port_waits,
    revocation_left_out,
)
from xsec.daemons.base import APPLIED, Applied
from xsec.daemons.enforce.effective import effective, inputs, unapplied, waiting
from xsec.state.snapshot import Snapshot
from xsec.tls.settings import HTTPS

ROOT = ca("Effective Root")
SERVER = issue(ROOT, "effective server", server=True)


def snapshot(
    values: Mapping[tuple[str, ...], object] | None = None, applied: Applied | None = None
) -> Snapshot:
    return estate(
        server=SERVER,
        authorities=(ROOT,),
        crls=(crl(ROOT),),
        values=values,
        applied={"https": applied} if applied else {},
        generation=9,
        now=NOW,
    )


def record(choice: str = "") -> Applied:
    return Applied(
        service="https",
        daemon="nginx",
        digest="0" * 16,
        generation=7,
        time=NOW,
        files={},
        inputs=inputs(snapshot(), "https"),
        choice=choice,
    )


def test_before_the_first_apply_nothing_waits_and_everything_is_unapplied() -> None:
    assert waiting(snapshot(), "https", None) == ()
    assert HTTPS.ciphers.path in unapplied(snapshot(), "https", None)


def test_a_setting_without_restart_is_taken_at_once() -> None:
    changed = snapshot({HTTPS.protocol.folded: "minTLSv1.3"}, record())
    assert unapplied(changed, "https", record()) == (HTTPS.protocol.path,)
    assert effective(changed, "https", record())[HTTPS.protocol] == "minTLSv1.3"


def test_a_setting_with_restart_stays_as_it_was_applied() -> None:
    changed = snapshot({settings.HTTPS_PORT.folded: 8443, HTTPS.protocol.folded: "minTLSv1.3"})
    held = effective(changed, "https", record())
    assert [setting.path for setting in waiting(changed, "https", record())] == ["Management Interface Port"]
    assert held[settings.HTTPS_PORT] == 443
    assert held[HTTPS.protocol] == "minTLSv1.3"


def test_trust_list_and_crls_count_only_while_clients_are_asked_for() -> None:
    assert "trust list" not in inputs(snapshot(), "https")
    assert "manual CRLs" in inputs(snapshot({MODE.folded: "Validation"}), "https")


def test_an_applied_record_reads_back() -> None:
    applied = record("without-crl")
    assert APPLIED.parse(APPLIED.format({"https": applied})) == {"https": applied}


# Alarms


def test_no_alarm_is_raised_for_a_service_that_was_never_applied_or_is_in_force() -> None:
    for found in (snapshot(), snapshot(applied=record())):
        for rule in (not_applied, mode_waits, port_waits, https_waits, drifted, revocation_left_out):
            assert list(rule.check(found, NOW)) == []


def test_what_is_saved_and_not_applied_is_named() -> None:
    found = snapshot({HTTPS.protocol.folded: "minTLSv1.3"}, record())
    (finding,) = not_applied.check(found, NOW)
    assert HTTPS.protocol.path in finding.found
    assert finding.remedy == "xsec apply https"


def test_what_waits_for_a_restart_raises_the_appliances_alarm_and_no_other() -> None:
    found = snapshot({MODE.folded: "Validation"}, record())
    (finding,) = mode_waits.check(found, NOW)
    assert (finding.expected, finding.found) == ("Validation", "NotRequired")
    assert finding.remedy == "xsec restart https"
    assert list(not_applied.check(found, NOW)) == []
    assert list(port_waits.check(found, NOW)) == []


def test_crl_checking_that_was_left_out_stays_an_alarm() -> None:
    (finding,) = revocation_left_out.check(snapshot(applied=record("without-crl")), NOW)
    assert "--without-crl" in finding.found
