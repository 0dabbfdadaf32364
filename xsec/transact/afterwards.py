"""After a commit: log, cache, readings, alarms.  Nothing here may undo what was acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from xsec import catalogue
from xsec.errors import XsecError
from xsec.state import document, readings
from xsec.state.document import Document
from xsec.state.snapshot import Snapshot, Tree
from xsec.transact.how import Considered, only_now

if TYPE_CHECKING:
    from xsec.host import Host
    from xsec.state.log import Log

_CHANGED = "System Configuration Changed"


def after(host: Host, considered: Considered) -> None:
    """Record what goes with the change; what cannot be is said, and caught up by the next command."""
    if considered.changed:
        attempt(host, "the log", lambda: _log(host, considered))
        attempt(host, "the value cache", lambda: write_cache(host))
    for area, tree in considered.plan.readings.items():
        attempt(host, area, partial(readings.save, host.files, area, tree))
    attempt(host, "the alarms", lambda: watch(host))


def attempt(host: Host, what: str, step: Callable[[], None]) -> None:
    """Do what goes with a change that was made; that it could not be done is said and ends nothing."""
    try:
        step()
    except XsecError as error:
        host.terminal.say(f"xsec: warning: {what}: {error.what}: this part was not done")
    except Exception as error:  # noqa: BLE001  (the change is in force: a bug here must not deny it)
        told = f"{what}: a bug in xsec, {type(error).__name__}: this part was not done"
        host.terminal.say(f"xsec: warning: {told}")


def _log(host: Host, considered: Considered) -> None:
    from xsec.state.log import Log

    forced = ", ".join(finding.object for finding in considered.overridden)
    forced = forced or ("yes" if considered.forced else "no")
    told: list[tuple[str, dict[str, object]]] = [
        (
            _CHANGED,
            {
                "generation": considered.generation,
                "item": item.path,
                "before": item.before or "",
                "after": item.after or "",
                "forced": forced,
            },
        )
        for item in considered.changes
    ]
    if not told:  # a configuration that was damaged was put right, with the content it had
        told = [(_CHANGED, {"generation": considered.generation, "item": considered.summary})]
    origin = considered.document.origin
    now = origin.time if origin else host.clock.now()
    Log(host.files, "configuration").extend(told, actor=host.actor, now=now)
    for event, fields in told:
        to_syslog(host, event, fields)


def to_syslog(host: Host, event: str, fields: Mapping[str, object]) -> None:
    """Send an event to the host's own log, where there is one."""
    from xsec.output.escape import printable

    pairs = " ".join(f'{name}="{printable(str(value))}"' for name, value in fields.items())
    host.syslog.send(f'Event="{event}" User="{host.actor.name}" {pairs}')


def catch_up(host: Host, current: Snapshot) -> None:
    """Put into the log what a killed command committed and did not log (SY-8)."""
    from xsec.state.log import Log

    log = Log(host.files, "configuration")
    logged = log.last_generation() or 0
    for number in host.store.numbers():
        if logged < number <= current.generation:
            _log_late(host, log, number)


def _log_late(host: Host, log: Log, number: int) -> None:
    made = host.store.document(number)
    if made.origin is None:
        return
    known = number - 1 in host.store.numbers()
    before = host.store.document(number - 1) if known else Document(generation=0)
    late = f"made by {made.origin.user} with {made.origin.command}; recorded late"
    told = [
        (
            _CHANGED,
            {
                "generation": number,
                "item": item.path,
                "before": item.before or "",
                "after": item.after or "",
                "detail": late,
            },
        )
        for item in document.diff(before, made, host.schema)
    ]
    whole = {"generation": number, "item": made.origin.summary, "detail": late}
    log.extend(told or [(_CHANGED, whole)], actor=host.actor, now=made.origin.time)


def write_cache(host: Host) -> None:
    """Derive the one-value cache from the configuration in force; `start` answers from it."""
    import sys

    from xsec.console import cache

    key = host.store.key()
    if key is None:
        return
    data = cache.cache(host.store.snapshot(), host.schema, cache.key_of(key))
    host.files.replace(cache.path(sys.implementation.cache_tag or "none"), data, mode=0o600)


def watch(host: Host) -> None:
    """Raise, keep and lower the alarms of the configuration in force, and log what changed (SY-9)."""
    from xsec.state import engine

    snapshot = host.store.snapshot()
    after = engine.record(host.files, catalogue.RULES, snapshot, host.clock.now(), host.actor)
    raised, lowered = engine.difference(engine.recorded(snapshot), after)
    for event, alarms in (("Alarm raised", raised), ("Alarm lowered", lowered)):
        for alarm in alarms:
            to_syslog(host, event, {"id": alarm.id, "object": alarm.object, "title": alarm.title})


def record(host: Host, areas: Mapping[str, Tree]) -> None:
    """Record readings that go with no change of the configuration."""
    only_now(host)
    with host.store.locked():
        for area, tree in areas.items():
            readings.save(host.files, area, tree)


def log_events(host: Host, told: list[tuple[str, dict[str, object]]]) -> None:
    """Append events to the event log, and send them to the host's own."""
    from xsec.state.log import Log

    Log(host.files, "event").extend(told, actor=host.actor, now=host.clock.now())
    for event, fields in told:
        to_syslog(host, event, fields)
