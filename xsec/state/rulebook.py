"""The reference of all rules as a Markdown page: docs/alarms.md, which a test holds current."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xsec.state.engine import AlarmState
from xsec.state.rule import Rule, Severity

_HEAD = """# Alarms

Made from the rules by `python -m tests.unit.state.test_rulebook`; a test compares.
Numbers below 70000 are the appliance's, with its meaning; 70001 to 79999 are xsec's own.
An alarm is raised and lowered by its rule alone, as `xsec alarm list` shows.
`xsec doctor` also shows findings of severity `information`, which raise no alarm.
"""


def meaning(rule: Rule) -> str:
    """The first sentence of what the check says of itself, on one line."""
    text = " ".join((rule.check.__doc__ or "").split())
    return text.split(". ")[0].rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule for people and JSON; `up` counts its alarms."""

    id: int
    severity: Severity
    title: str
    meaning: str
    requirement: str
    up: int


def rows(rules: Iterable[Rule], state: AlarmState) -> tuple[Row, ...]:
    """The rules by number, each with how many of its alarms are up."""
    return tuple(
        Row(
            id=rule.id,
            severity=rule.severity,
            title=rule.title,
            meaning=meaning(rule),
            requirement=rule.requirement,
            up=sum(alarm.id == rule.id for alarm in state.alarms),
        )
        for rule in sorted(rules, key=lambda rule: rule.id)
    )


def markdown(rules: Iterable[Rule]) -> str:
    """The page: a table of the rules by number."""
    rows = [
        f"| {rule.id} | {rule.severity.value} | {rule.title} | {_cell(meaning(rule))} | {rule.requirement} |"
        for rule in sorted(rules, key=lambda rule: rule.id)
    ]
    severities = ", ".join(severity.value for severity in Severity)
    lines = [
        _HEAD,
        f"Severities, worst first: {severities}.",
        "",
        "| id | severity | title | meaning | requirement |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
