"""The reference of alarms is current, and every rule says what it needs to (SY-9)."""

from __future__ import annotations

from pathlib import Path

from xsec import catalogue
from xsec.state import rulebook

PAGE = Path(__file__).parents[3] / "docs" / "alarms.md"

# what appliance-facts, section 4, prints: title and severity by number; own numbers are 70001 to 79999
APPLIANCE = {
    15028: ("Restart required", "warning"),
    20020: ("Restart required", "warning"),
    25011: ("Restart required", "warning"),
    25026: ("Restart required", "warning"),
    40001: ("Security alert", "warning"),
    40002: ("Security alert", "warning"),
    40006: ("Security alert", "warning"),
    40009: ("Restart required", "warning"),
    40052: ("Certificate error", "information"),  # the appliance prints no severity
    40068: ("Server certificate validity", "critical"),
    40069: ("Server certificate validity", "alert"),
}


def test_the_reference_of_alarms_is_current() -> None:
    assert PAGE.read_text() == rulebook.markdown(catalogue.RULES), (
        "run: .venv/bin/python -m tests.unit.state.test_rulebook"
    )


def test_a_number_is_the_appliances_with_its_title_and_severity_or_xsecs_own() -> None:
    for rule in catalogue.RULES:
        if 70001 <= rule.id <= 79999:
            continue
        assert APPLIANCE[rule.id] == (rule.title, rule.severity.value)


def test_every_rule_says_in_one_sentence_when_it_is_raised() -> None:
    for rule in catalogue.RULES:
        assert rulebook.meaning(rule).startswith(("Raise ", "Tell ", "Up ")), rule.id
        assert rule.requirement


if __name__ == "__main__":
    PAGE.write_text(rulebook.markdown(catalogue.RULES))
