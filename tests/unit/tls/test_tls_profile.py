"""The policy of each service from its settings (TL-1, TL-3, TL-5, SY-10)."""

from __future__ import annotations

import pytest

from tests.world import NOW
from xsec.errors import InvalidValue
from xsec.state.snapshot import Snapshot
from xsec.tls.alarms import RULES, anonymous_inbound, legacy_tls, small_group, unknown_words
from xsec.tls.change import plan_set
from xsec.tls.expand import offered
from xsec.tls.guards import unknown_tokens
from xsec.tls.profile import minimum_versions, profile
from xsec.tls.settings import (
    HTTPS,
    SERVICES,
    SETTINGS,
    SIP,
    SIP_DH_SIZE,
    SIP_STANDARD,
    SIP_VERSIONS,
    STANDARD,
)
from xsec.tls.versions import Version, version

EMPTY = Snapshot()


def test_there_are_ten_services_and_each_starts_at_tls_12() -> None:
    assert len(SERVICES) == 10
    assert set(minimum_versions(EMPTY).values()) == {Version.TLS1_2}


def test_two_services_without_a_string_use_that_of_https() -> None:
    for name in ("certificate-checker", "meeting-server-discovery"):
        assert SERVICES[name].ciphers is HTTPS.ciphers
        assert SERVICES[name].protocol is not HTTPS.protocol


def test_every_default_is_in_its_own_value_space_and_reads_back() -> None:
    for setting in SETTINGS:
        assert setting.kind.parse(setting.kind.format(setting.default)) == setting.default


def test_inbound_sip_never_offers_anonymous_suites() -> None:
    found = profile(EMPTY, "sip")
    assert found.ciphers == SIP_STANDARD
    assert found.inbound == f"{SIP_STANDARD}:!aNULL"


def test_anonymous_suites_are_offered_inbound_only_when_that_is_allowed_and_with_an_alarm() -> None:
    plan = plan_set(EMPTY, ("sip",), anonymous_inbound=True)
    after = plan.on(EMPTY)
    found = profile(after, "sip")
    assert any(suite.anonymous for suite in offered(found.inbound, (), Version.TLS1_2))
    assert not any(suite.anonymous for suite in offered(profile(EMPTY, "sip").inbound, (), Version.TLS1_2))
    assert [finding.object for finding in anonymous_inbound.check(after, NOW)] == ["sip"]
    assert "without authentication" in plan.warnings[0]


def test_allowing_anonymous_suites_for_sip_changes_no_other_service() -> None:
    after = plan_set(EMPTY, ("sip",), anonymous_inbound=True).on(EMPTY)
    assert profile(after, "https") == profile(EMPTY, "https")
    with pytest.raises(InvalidValue, match="a matter of sip"):
        plan_set(EMPTY, ("https",), anonymous_inbound=True)


@pytest.mark.parametrize("floor", ["minTLSv1.0", "minTLSv1.1"])
def test_an_old_floor_lowers_the_level_and_shuts_out_what_that_would_let_in(floor: str) -> None:
    found = profile(Snapshot(values={HTTPS.protocol.folded: floor}), "https")
    assert found.inbound == f"{STANDARD}:!aNULL:!eNULL:@SECLEVEL=0"


def test_a_modern_floor_leaves_the_string_as_it_is_set() -> None:
    found = profile(EMPTY, "https")
    assert found.inbound == found.ciphers == STANDARD
    assert found.versions == (Version.TLS1_2, Version.TLS1_3)


def test_the_versions_of_sip_count_until_its_floor_is_set() -> None:
    joined = {SIP_VERSIONS.folded: "TLSv1.1:TLSv1.2"}
    assert profile(Snapshot(values=joined), "sip").minimum_version is Version.TLS1_1
    both = {**joined, SIP.protocol.folded: "minTLSv1.3"}
    assert profile(Snapshot(values=both), "sip").minimum_version is Version.TLS1_3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1.2", Version.TLS1_2),
        ("TLSv1.3", Version.TLS1_3),
        ("tls1.1", Version.TLS1_1),
        ("TLSv1", Version.TLS1_0),
        ("minTLSv1.0", Version.TLS1_0),
        ("SSLv3", None),
        ("1.4", None),
        ("", None),
    ],
)
def test_a_version_is_read_as_people_write_it(text: str, found: Version | None) -> None:
    assert version(text) is found


# Changing


def test_setting_the_floor_of_sip_sets_the_appliances_versions_too() -> None:
    plan = plan_set(EMPTY, ("sip",), minimum_version="1.1")
    after = plan.on(EMPTY)
    assert after[SIP.protocol] == "minTLSv1.1"
    assert after[SIP_VERSIONS] == "TLSv1.1:TLSv1.2"


def test_an_old_floor_is_warned_about_with_what_else_it_lets_in() -> None:
    (warning,) = plan_set(EMPTY, ("https",), minimum_version="TLSv1.0").warnings
    assert "RFC 8996" in warning
    assert "SHA-1" in warning


def test_a_string_for_sip_without_anonymous_suites_is_warned_about() -> None:
    assert "legacy endpoints" in plan_set(EMPTY, ("sip",), ciphers=STANDARD).warnings[0]
    assert plan_set(EMPTY, ("sip",), ciphers=f"{SIP_STANDARD}:-MD5").warnings == ()


def test_setting_what_is_set_is_nothing_to_do() -> None:
    assert plan_set(EMPTY, tuple(SERVICES), minimum_version="1.2", ciphersuites=None).settings == {}


def test_a_service_that_borrows_its_string_cannot_set_it() -> None:
    with pytest.raises(InvalidValue, match="no cipher string of its own"):
        plan_set(EMPTY, ("certificate-checker",), ciphers=STANDARD)


def test_nothing_named_to_set_is_refused() -> None:
    with pytest.raises(InvalidValue, match="nothing to set"):
        plan_set(EMPTY, ("https",))


def test_an_unknown_word_is_refused_by_a_guard_that_force_overrides() -> None:
    after = plan_set(EMPTY, ("https",), ciphers=f"{STANDARD}:FOO").on(EMPTY)
    (finding,) = unknown_tokens(EMPTY, after, NOW)
    assert (finding.object, finding.found) == (HTTPS.ciphers.path, "FOO")
    assert not list(unknown_tokens(after, after, NOW))


# Alarms


def test_a_clean_configuration_raises_no_alarm_about_tls() -> None:
    assert [finding for rule in RULES for finding in rule.check(EMPTY, NOW)] == []


def test_each_service_with_an_old_floor_raises_the_alarm_with_its_remedy() -> None:
    snapshot = Snapshot(values={SERVICES["smtp"].protocol.folded: "minTLSv1.1"})
    (finding,) = legacy_tls.check(snapshot, NOW)
    assert (finding.object, finding.found) == ("smtp", "TLSv1.1")
    assert finding.remedy == "xsec tls set smtp --minimum-version TLSv1.2"


def test_a_forced_word_and_a_small_group_raise_alarms() -> None:
    values = {HTTPS.ciphers.folded: "HIGH:FOO", SIP_DH_SIZE.folded: 1024}
    snapshot = Snapshot(values=values)
    assert [finding.found for finding in unknown_words.check(snapshot, NOW)] == ["FOO"]
    assert [finding.found for finding in small_group.check(snapshot, NOW)] == ["1024 bits"]
