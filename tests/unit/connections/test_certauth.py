"""Certificate-based authentication is set with its traps told, and only after a test (CA-3, CA-4, CA-5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.world.trusting import trusting
from xsec.connections import alarms, certauth, client_test, guards
from xsec.connections.settings import (
    AUTHENTICATION,
    CRL_CHECK,
    MODE,
    NOT_REQUIRED,
    REGEX,
    SETTINGS,
    TEMPLATE,
    VALIDATION,
)
from xsec.errors import InvalidValue
from xsec.lab import pki
from xsec.pki import lint
from xsec.pki.pattern import (
    APPLIANCE_PATTERN,
    DEFAULT_PATTERN,
    DEFAULT_TEMPLATE,
    compile_pattern,
    template_pieces,
)
from xsec.state.snapshot import Snapshot, Tree

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = pki.authority("Root", now=NOW - timedelta(days=1), key=pki.seeded_key("root"))
ALICE = ROOT.issue("alice", client=True, key=pki.seeded_key("alice"))
OTHER = pki.authority("Other", now=NOW, key=pki.seeded_key("other"))


def proof(snapshot: Snapshot, pem: bytes = ALICE.pem) -> Tree:
    how = client_test.reader(snapshot)
    results = [client_test.judge(s, how, snapshot, NOW) for s in client_test.samples("f", pem)]
    return certauth.prove(results, snapshot, how.regex, how.template, NOW)


def readings() -> dict[str, Tree]:
    return {certauth.AREA: proof(trusting(ROOT))}


def refused(before: Snapshot, after: Snapshot) -> list[str]:
    return [finding.found for finding in guards.tested_first(before, after, NOW)]


# Settings -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Not required", NOT_REQUIRED),
        ("Certificate validation", VALIDATION),
        ("certificate-based authentication", AUTHENTICATION),
        ("notrequired", NOT_REQUIRED),
        ("Validation", VALIDATION),
        ("Authentication", AUTHENTICATION),
    ],
)
def test_the_mode_reads_the_words_of_page_and_console(text: str, value: str) -> None:
    assert MODE.kind.parse(text) == value


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.path)
def test_every_default_is_in_its_value_space_and_reads_back(setting: object) -> None:
    kind, default = setting.kind, setting.default  # type: ignore[attr-defined]  # a setting
    assert kind.parse(kind.format(default)) == default


def test_the_words_default_and_appliance_stand_for_patterns() -> None:
    assert REGEX.kind.parse("default") == DEFAULT_PATTERN
    assert REGEX.kind.parse("appliance") == APPLIANCE_PATTERN


# Changing -------------------------------------------------------------------------------------------------


def test_setting_what_is_set_is_nothing_to_do() -> None:
    assert certauth.plan_set(trusting(ROOT), {"--mode": "Not required"}).settings == {}


def test_a_format_must_fit_the_pattern() -> None:
    with pytest.raises(InvalidValue):
        certauth.plan_set(trusting(ROOT), {"--format": "#nobody#"})
    with pytest.raises(InvalidValue):
        certauth.plan_set(trusting(ROOT), {"--regex": "/CN=(?<u>x)/"})


def test_pattern_and_format_can_be_set_at_once() -> None:
    plan = certauth.plan_set(trusting(ROOT), {"--regex": "/CN=(?<u>[^,+\\\\\\n]+)/", "--format": "#u#"})
    assert set(plan.settings) == {REGEX.at(), TEMPLATE.at()}


def test_the_guard_refuses_an_unknown_group_set_by_other_ways() -> None:
    before, after = trusting(ROOT), trusting(ROOT, values={TEMPLATE: "#nobody#"})
    assert [f.text for f in guards.fitting_format(before, after, NOW)] == [
        "the format names the group 'nobody'"
    ]
    assert list(guards.fitting_format(after, after, NOW)) == []


def test_the_appliance_pattern_can_be_chosen_and_is_warned_about() -> None:
    plan = certauth.plan_set(trusting(ROOT), {"--regex": "appliance"})
    assert plan.settings == {REGEX.at(): APPLIANCE_PATTERN}
    assert any("escaped" in warning for warning in plan.warnings)


def test_a_publicly_trusted_authority_is_warned_about() -> None:
    plan = certauth.plan_set(trusting(ROOT, source="default bundle"), {"--mode": "Validation"})
    assert any("publicly trusted" in warning for warning in plan.warnings)


# Certificate-based authentication -------------------------------------------------------------------------


def test_authentication_is_refused_until_a_certificate_was_tested() -> None:
    before = trusting(ROOT, values={MODE: VALIDATION})
    after = trusting(ROOT, values={MODE: AUTHENTICATION})
    assert refused(before, after) == ["no client certificate has been tested with success"]


def test_authentication_is_let_through_after_a_test() -> None:
    before = trusting(ROOT, values={MODE: VALIDATION}, readings=readings())
    assert refused(before, trusting(ROOT, values={MODE: AUTHENTICATION}, readings=readings())) == []


def test_authentication_needs_validation_first() -> None:
    after = trusting(ROOT, values={MODE: AUTHENTICATION}, readings=readings())
    assert refused(trusting(ROOT, readings=readings()), after) == [NOT_REQUIRED]


@pytest.mark.parametrize(
    "after",
    [
        trusting(ROOT, OTHER, values={MODE: AUTHENTICATION}, readings=readings()),
        trusting(ROOT, crls=[ROOT.crl()], values={MODE: AUTHENTICATION}, readings=readings()),
        trusting(ROOT, values={MODE: AUTHENTICATION, CRL_CHECK: "None"}, readings=readings()),
        trusting(ROOT, values={MODE: AUTHENTICATION, REGEX: APPLIANCE_PATTERN}, readings=readings()),
    ],
    ids=["trust list", "CRLs", "checking", "pattern"],
)
def test_a_test_counts_only_for_what_it_was_made_with(after: Snapshot) -> None:
    assert len(refused(trusting(ROOT, values={MODE: VALIDATION}), after)) == 1


def test_a_mode_that_stays_is_not_guarded() -> None:
    same = trusting(ROOT, values={MODE: AUTHENTICATION})
    assert refused(same, same) == []


def test_a_certificate_that_is_not_valid_proves_nothing() -> None:
    assert proof(trusting(OTHER)) is None


# Alarms ---------------------------------------------------------------------------------------------------


def test_an_alarm_stands_while_only_untested_certificates_get_in() -> None:
    forced = trusting(ROOT, values={MODE: AUTHENTICATION})
    tested = trusting(ROOT, values={MODE: AUTHENTICATION}, readings=readings())
    assert [len(list(alarms.not_tested.check(s, NOW))) for s in (forced, tested, trusting(ROOT))] == [1, 0, 0]


def test_an_alarm_stands_for_a_misleading_pattern_once_certificates_are_asked_for() -> None:
    lax = {REGEX: APPLIANCE_PATTERN}
    off, on = trusting(ROOT, values=lax), trusting(ROOT, values={**lax, MODE: VALIDATION})
    assert [bool(list(alarms.misleading.check(s, NOW))) for s in (off, on)] == [False, True]


def test_the_default_configuration_raises_no_alarm() -> None:
    plain = trusting(ROOT, values={MODE: VALIDATION})
    assert [list(rule.check(plain, NOW)) for rule in alarms.RULES] == [[], []]


# Showing and linting --------------------------------------------------------------------------------------


def test_show_warns_of_certificates_without_a_passphrase() -> None:
    assert certauth.BEARER in certauth.show(trusting(ROOT)).warnings


def traps(given: str, template: str = "#u#") -> set[str]:
    return {trap.code for trap in lint.lint(compile_pattern(given), template)}


def test_the_default_pattern_falls_into_no_trap() -> None:
    assert traps(DEFAULT_PATTERN, DEFAULT_TEMPLATE) == set()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (APPLIANCE_PATTERN.replace("captureCommonName", "u"), "crosses_separator"),
        (APPLIANCE_PATTERN.replace("captureCommonName", "u"), "over_line_end"),
        (APPLIANCE_PATTERN.replace("captureCommonName", "u"), "greedy"),
        ("/(Subject:.*, CN=(?<u>.*))/m", "needs_blank"),
        ("/CN=(?<u>[^,\\n]+)/", "outside_subject"),
        ("/Subject: CN=(?<u>[^,\\n]+)/", "cuts_escape"),
        ("/nothing(?<u>x)/", "no_match"),
        ("/(?<u>.*)*no/", "explodes"),
    ],
)
def test_a_trap_is_found(given: str, code: str) -> None:
    assert code in traps(given)


def test_the_appliance_default_is_known_by_its_text() -> None:
    assert "appliance_default" in traps(APPLIANCE_PATTERN, DEFAULT_TEMPLATE)
    assert template_pieces(DEFAULT_TEMPLATE) == (("captureCommonName", True),)
