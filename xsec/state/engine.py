"""Raise, keep and lower alarms by what the rules find; nothing else does, acknowledgement aside (SY-9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from xsec.errors import Negative, XsecError
from xsec.ports import Actor, Files
from xsec.state import machine, readings
from xsec.state.log import Log
from xsec.state.rule import Finding, Rule, Severity, rule
from xsec.state.snapshot import Reading, Snapshot, Tree
from xsec.state.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A finding that is up: identified by its rule's number and its object."""

    id: int
    object: str
    title: str
    severity: Severity
    expected: str
    found: str
    remedy: str
    text: str = ""
    raised: datetime
    acknowledged: datetime | None = None
    acknowledged_by: str = ""

    @property
    def key(self) -> tuple[int, str]:
        return (self.id, self.object)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """The alarms that are up, worst first, then by number and object."""

    alarms: tuple[Alarm, ...] = ()

    @property
    def unacknowledged(self) -> tuple[Alarm, ...]:
        return tuple(alarm for alarm in self.alarms if alarm.acknowledged is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding with the rule that made it."""

    rule: Rule
    finding: Finding


# Judging -------------------------------------------------------------------------------------------------


def _never(snapshot: Snapshot, now: datetime) -> Iterator[Finding]:
    """Raise for each rule whose check cannot be made; the engine itself does so."""
    return iter(())


BROKEN = rule(id=70104, title="Check not possible", severity=Severity.ERROR, requirement="SY-9")(_never)


def findings(rules: Iterable[Rule], snapshot: Snapshot, now: datetime) -> Iterator[Found]:
    """What the rules find, those of severity `information` included.

    A rule that fails hides no other: its failure is a finding, without the text of a foreign error.
    """
    for each in rules:
        try:
            found = list(each.check(snapshot, now))
        except XsecError as error:
            yield _broken(each, error.what, error.remedy)
        except Exception as error:  # noqa: BLE001  (one check's bug must not hide what the others find)
            yield _broken(each, type(error).__name__, "")
        else:
            yield from (Found(rule=each, finding=finding) for finding in found)


def _broken(each: Rule, what: str, remedy: str) -> Found:
    finding = Finding(
        object=f"rule {each.id}",
        expected=f"the check of {each.title!r} can be made",
        found=what,
        remedy=remedy or "xsec doctor",
    )
    return Found(rule=BROKEN, finding=finding)


def evaluate(rules: Iterable[Rule], snapshot: Snapshot, now: datetime, previous: AlarmState) -> AlarmState:
    """The alarms that are up at `now`.

    One that was up before keeps its time and its acknowledgement; one whose check failed stays as it was.
    """
    before = {alarm.key: alarm for alarm in previous.alarms}
    up: dict[tuple[int, str], Alarm] = {}
    for found in findings(rules, snapshot, now):
        if found.rule.severity is Severity.INFORMATION:
            continue
        alarm = _alarm(found, now)
        if (old := before.get(alarm.key)) is not None:
            alarm = replace(
                alarm,
                raised=old.raised,
                acknowledged=old.acknowledged,
                acknowledged_by=old.acknowledged_by,
            )
        up.setdefault(alarm.key, alarm)
        if found.rule is BROKEN:
            kept = (old for old in previous.alarms if found.finding.object == f"rule {old.id}")
            up.update((old.key, old) for old in kept)
    return AlarmState(alarms=_ranked(up.values()))


def _alarm(found: Found, now: datetime) -> Alarm:
    return Alarm(
        id=found.rule.id,
        object=found.finding.object,
        title=found.rule.title,
        severity=found.rule.severity,
        expected=found.finding.expected,
        found=found.finding.found,
        remedy=found.finding.remedy,
        text=found.finding.text,
        raised=now,
    )


def _ranked(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    return tuple(sorted(alarms, key=lambda alarm: (alarm.severity.rank, alarm.id, alarm.object)))


def difference(before: AlarmState, after: AlarmState) -> tuple[tuple[Alarm, ...], tuple[Alarm, ...]]:
    """Which alarms were raised, and which were lowered."""
    old, new = {alarm.key for alarm in before.alarms}, {alarm.key for alarm in after.alarms}
    raised = tuple(alarm for alarm in after.alarms if alarm.key not in old)
    lowered = tuple(alarm for alarm in before.alarms if alarm.key not in new)
    return raised, lowered


def acknowledge(state: AlarmState, id: int, object: str | None, actor: Actor, now: datetime) -> AlarmState:
    """The state with the alarms of this number (and object) acknowledged; `Negative` when none is up."""
    chosen = select(state, id, object)
    return AlarmState(
        alarms=tuple(
            replace(alarm, acknowledged=now, acknowledged_by=actor.name)
            if alarm in chosen and alarm.acknowledged is None
            else alarm
            for alarm in state.alarms
        )
    )


def select(state: AlarmState, id: int, object: str | None = None) -> tuple[Alarm, ...]:
    """The alarms of this number (and object) that are up; `Negative` when none is."""
    chosen = tuple(a for a in state.alarms if a.id == id and object in (None, a.object))
    if not chosen:
        of = f" for {object}" if object else ""
        raise Negative(f"alarm {id} is not up{of}", remedy="xsec alarm list --all")
    return chosen


# Recording -----------------------------------------------------------------------------------------------


def judge(files: Files, rules: Sequence[Rule], snapshot: Snapshot, now: datetime) -> AlarmState:
    """The alarms at `now`, the machine looked at afresh; nothing is written."""
    seen = machine.observe(files, machine.recorded(snapshot))
    return evaluate(rules, machine.with_host(snapshot, seen), now, recorded(snapshot))


def record(
    files: Files, rules: Sequence[Rule], snapshot: Snapshot, now: datetime, actor: Actor
) -> AlarmState:
    """Evaluate, log what was raised and lowered, and keep the result; the caller holds the store's lock."""
    known = machine.recorded(snapshot)
    seen = machine.observe(files, known)
    if seen != known and not seen.trouble:  # a damaged record stays, until somebody has looked at it
        readings.save(files, machine.HOST.area, machine.HOST.format(seen))
    before = recorded(snapshot)
    after = evaluate(rules, machine.with_host(snapshot, seen), now, before)
    keep(files, before, after, now, actor)
    return after


def refresh(
    store: Store, rules: Sequence[Rule], snapshot: Snapshot, now: datetime, actor: Actor
) -> AlarmState:
    """The alarms at `now`, recorded where that can be done at once: who only asks neither waits nor fails."""
    state = judge(store.files, rules, snapshot, now)
    if state == recorded(snapshot):
        return state
    with suppress(XsecError), store.locked(timedelta(seconds=1)):
        return record(store.files, rules, store.snapshot(), now, actor)
    return state


def acknowledge_recorded(
    store: Store, rules: Sequence[Rule], id: int, object: str | None, now: datetime, actor: Actor
) -> tuple[Alarm, ...]:
    """Acknowledge what is up now, and keep that; the alarms that were chosen."""
    with store.locked():
        before = record(store.files, rules, store.snapshot(), now, actor)
        after = acknowledge(before, id, object, actor, now)
        keep(store.files, before, after, now, actor)
    return select(after, id, object)


def keep(files: Files, before: AlarmState, after: AlarmState, now: datetime, actor: Actor) -> None:
    """Log the difference, then keep the new state: a kill in between logs it twice rather than never."""
    if after == before:
        return
    raised, lowered = difference(before, after)
    old = {alarm.key: alarm for alarm in before.alarms}
    events = [
        *(("Alarm raised", alarm) for alarm in raised),
        *(("Alarm lowered", alarm) for alarm in lowered),
        *(
            ("Alarm acknowledged", alarm)
            for alarm in after.alarms
            if alarm.acknowledged and alarm.key in old and not old[alarm.key].acknowledged
        ),
    ]
    log = Log(files, "event")
    log.extend([(event, _fields(alarm)) for event, alarm in events], actor=actor, now=now)
    readings.save(files, ALARMS.area, ALARMS.format(after))


def _fields(alarm: Alarm) -> dict[str, object]:
    return {
        "id": alarm.id,
        "severity": alarm.severity.value,
        "title": alarm.title,
        "object": alarm.object,
        "found": alarm.found,
    }


def recorded(snapshot: Snapshot) -> AlarmState:
    """The alarms as last recorded; none when that record is damaged (the doctor tells of it)."""
    try:
        return snapshot[ALARMS]
    except XsecError:
        return AlarmState()


def _parse(tree: Tree) -> AlarmState:
    return AlarmState(
        alarms=tuple(
            Alarm(
                **{
                    **item,
                    "severity": Severity(item["severity"]),
                    "raised": datetime.fromisoformat(item["raised"]),
                    "acknowledged": datetime.fromisoformat(item["acknowledged"])
                    if item["acknowledged"]
                    else None,
                }
            )
            for item in tree["alarms"]
        )
    )


def _format(state: AlarmState) -> Tree:
    return {
        "alarms": [
            {
                "id": alarm.id,
                "object": alarm.object,
                "title": alarm.title,
                "severity": alarm.severity.value,
                "expected": alarm.expected,
                "found": alarm.found,
                "remedy": alarm.remedy,
                "text": alarm.text,
                "raised": alarm.raised.astimezone(UTC).isoformat(),
                "acknowledged": alarm.acknowledged.astimezone(UTC).isoformat()
                if alarm.acknowledged
                else None,
                "acknowledged_by": alarm.acknowledged_by,
            }
            for alarm in state.alarms
        ]
    }


ALARMS: Reading[AlarmState] = Reading("alarms", parse=_parse, format=_format, empty=AlarmState())
