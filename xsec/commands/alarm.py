"""Alarms: what is up, what it means, what to type; acknowledge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from xsec.commands.options import command, group
from xsec.errors import ExitCode, InvalidValue, Negative
from xsec.output.result import Block, Fields, Result, Table, Text

if TYPE_CHECKING:
    from xsec.host import Host
    from xsec.state.engine import Alarm, AlarmState
    from xsec.state.rule import Rule
    from xsec.state.rulebook import Row


def rules_for(host: Host) -> tuple[Rule, ...]:
    """All rules; at another moment (--at) without the one about the clock, which is not wrong then."""
    from xsec import catalogue
    from xsec.state import alarms

    rules: tuple[Rule, ...] = catalogue.RULES
    return rules if host.at is None else tuple(rule for rule in rules if rule is not alarms.clock)


def alarms_now(host: Host, rules: tuple[Rule, ...]) -> AlarmState:
    """The alarms they raise; judged at another moment (--at) nothing is recorded."""
    from xsec.state import engine

    if host.at is not None:
        return engine.judge(host.files, rules, host.snapshot(), host.at)
    return engine.refresh(host.store, rules, host.snapshot(), host.now(), host.actor)


@group("alarm", help="Alarms raised by rules over configuration and status.")
def alarm() -> None:
    """Gather the commands."""


@command(alarm, "list", short_help="The alarms that are up.")
@click.option("--all", "every", is_flag=True, help="Every rule, whether its alarm is up or not.")
@click.pass_obj
def alarm_list(host: Host, every: bool) -> Result:
    """List the alarms that are up, worst first; exit 1 while one is not acknowledged."""
    from xsec.state import rulebook

    rules = rules_for(host)
    state = alarms_now(host, rules)
    rows = rulebook.rows(rules, state)
    data = {"alarms": state.alarms, "unacknowledged": len(state.unacknowledged)}
    return Result(
        {**data, "rules": rows} if every else data,
        lambda: _rules(rows) if every else _alarms(state.alarms),
        exit_code=ExitCode.NEGATIVE if state.unacknowledged else ExitCode.OK,
    )


@command(alarm, "show", short_help="One alarm: what it means, what was found, what to do.")
@click.argument("id", type=click.IntRange(1))
@click.argument("object", required=False)
@click.pass_obj
def alarm_show(host: Host, id: int, object: str | None) -> Result:
    """Explain alarm ID; exit 1 while it is up and not acknowledged."""
    from xsec.state import rulebook

    rules = rules_for(host)
    state = alarms_now(host, rules)
    rule = next((row for row in rulebook.rows(rules, state) if row.id == id), None)
    if rule is None:
        raise Negative(f"there is no alarm {id}", remedy="xsec alarm list --all")
    up = [found for found in state.alarms if found.id == id and object in (None, found.object)]
    return Result(
        {"rule": rule, "alarms": up},
        lambda: [_rule(rule), *(_whole(found) for found in up)],
        exit_code=ExitCode.NEGATIVE if any(not found.acknowledged for found in up) else ExitCode.OK,
    )


@command(alarm, "acknowledge", short_help="Say that an alarm is known.")
@click.argument("id", type=click.IntRange(1))
@click.argument("object", required=False)
@click.pass_obj
def alarm_acknowledge(host: Host, id: int, object: str | None) -> Result:
    """Acknowledge alarm ID (of OBJECT alone, when given) until it is lowered."""
    from xsec import catalogue
    from xsec.state import engine

    if host.at is not None:
        raise InvalidValue("--at goes with commands that only read", allowed="no --at to acknowledge")
    host.store.need()
    chosen = engine.acknowledge_recorded(host.store, catalogue.RULES, id, object, host.now(), host.actor)
    return Result(
        {"acknowledged": chosen},
        lambda: [Text(f"acknowledged: {found.id} {found.title}, {found.object}") for found in chosen],
    )


def _alarms(alarms: tuple[Alarm, ...]) -> Iterator[Block]:
    if not alarms:
        yield Text("no alarm is up")
        return
    yield Table(
        ["id", "severity", "title", "object", "expected", "found", "since", "acknowledged"],
        [
            (a.id, a.severity, a.title, a.object, a.expected, a.found, a.raised, bool(a.acknowledged))
            for a in alarms
        ],
    )
    # not in the table: a folded cell cannot be pasted
    yield Fields([(f"{a.id} {a.object}", a.remedy) for a in alarms], title="what to type")


def _rules(rows: tuple[Row, ...]) -> Iterator[Block]:
    yield Table(
        ["id", "severity", "title", "meaning", "up"],
        [(row.id, row.severity, row.title, row.meaning, row.up) for row in rows],
    )


def _rule(row: Row) -> Fields:
    return Fields(
        [
            ("alarm", f"{row.id} {row.title}"),
            ("severity", row.severity),
            ("meaning", row.meaning),
            ("state", "up" if row.up else "down"),
        ]
    )


def _whole(found: Alarm) -> Fields:
    by = f"{found.acknowledged:%Y-%m-%d %H:%M:%SZ} by {found.acknowledged_by}" if found.acknowledged else "no"
    pairs = [
        ("object", found.object),
        ("expected", found.expected),
        ("found", found.found),
        *([("why", found.text)] if found.text else []),
        ("what to type", found.remedy),
        ("since", found.raised),
        ("acknowledged", by),
    ]
    return Fields(pairs)
