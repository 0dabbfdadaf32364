"""The shell: lock, recover, plan, guard, commit, record (SY-2, SY-8).

Commands hand over a pure function from a snapshot and a moment to a `Plan`; nothing else changes a store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from xsec import catalogue
from xsec.errors import Conflict, Damaged, InvalidValue, Refused, RolledBack, XsecError
from xsec.secret import Secret
from xsec.state import document, journal, readings, seal
from xsec.state.document import Document, Origin
from xsec.state.outcome import Outcome
from xsec.state.plan import Plan
from xsec.state.rule import Finding
from xsec.state.snapshot import Sealed, Snapshot, Tree

if TYPE_CHECKING:
    from xsec.daemons.enforce.report import Report
    from xsec.host import Host
    from xsec.state.log import Log
    from xsec.state.schema import Schema

_CHANGED = "System Configuration Changed"

Planner = Callable[[Snapshot, datetime], Plan]


class How(Protocol):
    """How a change is to be made: the options every changing command takes."""

    @property
    def dry_run(self) -> bool: ...

    @property
    def yes(self) -> bool: ...

    @property
    def force(self) -> bool: ...

    @property
    def apply(self) -> bool: ...


# Changing ------------------------------------------------------------------------------------------------


def change(
    host: Host,
    how: How,
    planner: Planner,
    *,
    question: str = "",
    mend: bool = False,
    base: int | None = None,
) -> Outcome:
    """Work out a plan and make it, whole or not at all.

    Without a `question` the plan is worked out under the lock, so that no other command's change is lost
    or in the way.  With one, the plan that was shown is the plan that is made: when another command
    committed meanwhile it is a `Conflict`.  `mend` marks a change that puts a store right: it starts from
    the last good generation when the one in force is damaged, and may use the reserved space.  `base` is
    the generation that the wanted change was made from, where that is not the one found under the lock.
    """
    _only_now(host)
    if how.dry_run:
        considered = _consider(host, how, planner, mend=mend)
        return replace(considered, applied=_predict(host, considered)) if how.apply else considered
    if question and not how.yes:
        base = _confirm(host, how, planner, question, mend=mend)
    with host.store.locked():
        recover(host)
        outcome = _consider(host, how, planner, base=base, mend=mend)
        _attempt(host, "the log", lambda: _catch_up(host, outcome.before))
        with host.uninterrupted(), host.store.spending_reserve() if mend else nullcontext():
            if outcome.changed:
                outcome = _commit(host, outcome)
            _after(host, outcome)
        host.store.refill()
    if how.apply:
        return replace(outcome, applied=_apply(host, how, outcome))
    return replace(outcome, unapplied=_unapplied(host)) if outcome.changed else outcome


def _only_now(host: Host) -> None:
    if host.at is not None:
        raise InvalidValue("--at goes with commands that only read", allowed="no --at for a change")


def _confirm(host: Host, how: How, planner: Planner, question: str, *, mend: bool) -> int:
    if not host.terminal.interactive:
        raise InvalidValue(
            "this change asks for confirmation and there is no terminal",
            remedy="give --yes, or see --dry-run",
        )
    shown = _consider(host, how, planner, mend=mend)
    for warning in shown.warnings:
        host.terminal.say(f"warning: {warning}")
    if shown.changed and not host.terminal.confirm(question):
        raise Refused("not confirmed: nothing was changed")
    return shown.before.generation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Considered(Outcome):
    """An outcome with the plan that leads to it."""

    forced: bool = False
    plan: Plan = field(default_factory=lambda: Plan(base=0, summary=""))
    document: Document = field(default_factory=lambda: Document(generation=0))


def _base(host: Host, *, mend: bool) -> tuple[Document, bool]:
    """The document a change starts from, and whether the one in force is damaged."""
    try:
        return host.store.current(), False
    except Damaged:
        good = host.store.last_good() if mend else None
        if good is None:
            raise
        return good, True


def _consider(host: Host, how: How, planner: Planner, *, mend: bool, base: int | None = None) -> _Considered:
    """What the plan would do to the configuration in force: pure but for reading it."""
    current, damaged = _base(host, mend=mend)
    before = host.store.snapshot(current)
    if base is not None and before.generation != base:
        raise Conflict(
            f"generation {before.generation} was made while this change, based on {base}, was waiting",
            remedy="xsec history; then try again",
        )
    now = host.clock.now()
    plan = planner(before, now)
    if plan.base != before.generation:
        raise Conflict(
            f"the change is based on generation {plan.base}, {before.generation} is in force",
            remedy="xsec history; then try again",
        )
    after = plan.on(before)
    changes = document.diff(before, after, host.schema)
    overridden = _guard(before, after, now, force=how.force)
    number = host.store.next_number(before.generation)
    origin = Origin(time=now, user=host.actor.name, command=host.actor.command, summary=plan.summary)
    return _Considered(
        changed=bool(changes) or damaged,
        dry_run=how.dry_run,
        generation=number if changes or damaged else before.generation,
        before=before,
        after=after,
        summary=plan.summary,
        changes=changes,
        warnings=plan.warnings,
        overridden=overridden,
        forced=how.force,
        plan=plan,
        document=Document(generation=number, origin=origin),
    )


def _guard(before: Snapshot, after: Snapshot, now: datetime, *, force: bool) -> tuple[Finding, ...]:
    findings = tuple(finding for guard in catalogue.GUARDS for finding in guard(before, after, now))
    if findings and not force:
        worst = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise Refused(
            f"{worst.object}: {worst.text or worst.found}{more}", allowed=worst.expected, remedy=worst.remedy
        )
    return findings


def _commit(host: Host, considered: _Considered) -> _Considered:
    """Objects first, sealed values next, the document last: only the last step changes anything."""
    plan = considered.plan
    for digest, data in plan.objects.items():
        host.store.put_object(digest, data)
    for name, (path, secret) in plan.secrets.items():
        _seal(host, name, path, secret)
    values: dict[tuple[str, ...], object] = dict(considered.after.values)
    for leaf, value in plan.settings.items():
        if isinstance(value, Secret):
            name = host.entropy.bytes(16).hex()
            _seal(host, name, leaf.path, value)
            values[leaf.key] = Sealed(name)
    new = Document(
        generation=considered.document.generation,
        origin=considered.document.origin,
        values=values,
        spelling=considered.after.spelling,
        sections={name: document.normal(tree) for name, tree in considered.after.sections.items()},
    )
    try:
        host.store.commit(new)
    except FileExistsError:
        raise Conflict(
            f"generation {new.generation} was made at the same time", remedy="xsec history; then try again"
        ) from None
    return considered


def _seal(host: Host, name: str, path: str, secret: Secret) -> None:
    try:
        seal.store(host.files, name, seal.seal(host.ring, path, secret, host.entropy))
    finally:
        secret.wipe()


# After a commit: nothing here may undo what was acknowledged ----------------------------------------------


def _after(host: Host, considered: _Considered) -> None:
    """Record what goes with the change; what cannot be is said, and caught up by the next command."""
    if considered.changed:
        _attempt(host, "the log", lambda: _log(host, considered))
        _attempt(host, "the value cache", lambda: write_cache(host))
    for area, tree in considered.plan.readings.items():
        _attempt(host, area, partial(readings.save, host.files, area, tree))
    _attempt(host, "the alarms", lambda: watch(host))


def _attempt(host: Host, what: str, step: Callable[[], None]) -> None:
    try:
        step()
    except XsecError as error:
        host.terminal.say(f"xsec: warning: {what} could not be written: {error.what}")
    except Exception as error:  # noqa: BLE001  (the change is in force: a bug here must not deny it)
        told = f"{what} could not be written: a bug in xsec, {type(error).__name__}"
        host.terminal.say(f"xsec: warning: {told}")


def _log(host: Host, considered: _Considered) -> None:
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
        _to_syslog(host, event, fields)


def _to_syslog(host: Host, event: str, fields: Mapping[str, object]) -> None:
    from xsec.output.escape import printable

    pairs = " ".join(f'{name}="{printable(str(value))}"' for name, value in fields.items())
    host.syslog.send(f'Event="{event}" User="{host.actor.name}" {pairs}')


def _catch_up(host: Host, current: Snapshot) -> None:
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
            _to_syslog(host, event, {"id": alarm.id, "object": alarm.object, "title": alarm.title})


def record(host: Host, areas: Mapping[str, Tree]) -> None:
    """Record readings that go with no change of the configuration."""
    _only_now(host)
    with host.store.locked():
        for area, tree in areas.items():
            readings.save(host.files, area, tree)


# Applying ------------------------------------------------------------------------------------------------


def recover(host: Host) -> None:
    """Finish or undo an apply that was killed; the caller holds the lock."""
    if not host.files.names(journal.FOLDER):
        return
    from xsec.daemons.enforce import undo

    for told in undo.recover(host):
        host.terminal.say(f"xsec: {told}")


def enforce(
    host: Host,
    services: tuple[str, ...] = (),
    *,
    dry_run: bool = False,
    force: bool = False,
    fail_closed: bool = False,
    without_crl: bool = False,
    restart: bool = False,
) -> Report:
    """Apply the configuration in force, under the store's lock; a prediction takes none."""
    from xsec.daemons.enforce import apply

    if not dry_run:
        _only_now(host)
    with nullcontext() if dry_run else host.store.locked():
        try:
            report = apply.apply(
                host,
                host.snapshot(),
                services=services,
                dry_run=dry_run,
                force=force,
                fail_closed=fail_closed,
                without_crl=without_crl,
                restart=restart,
                open_secret=host.open_secret,
                now=host.now(),
            )
        except XsecError as error:
            if not dry_run:
                _attempt(host, "the log", partial(_log_failure, host, error))
            raise
        if not dry_run:
            _attempt(host, "the log", partial(_log_applied, host, report, force=force))
            _attempt(host, "the alarms", lambda: watch(host))
    return report


def _log_applied(host: Host, report: Report, *, force: bool) -> None:
    done = [service for service in report.services if service.changed]
    told = [
        (
            "Service Applied",
            {
                "service": service.service,
                "daemon": service.daemon,
                "generation": report.generation,
                "proofs": len(service.rehearsed) + len(service.proofs),
                "forced": "yes" if force else "no",
            },
        )
        for service in done
    ]
    _log_events(host, told)


def _log_failure(host: Host, error: XsecError) -> None:
    event = "Apply Rolled Back" if isinstance(error, RolledBack) else "Apply Refused"
    _log_events(host, [(event, {"detail": error.what, "where": error.where})])


def _log_events(host: Host, told: list[tuple[str, dict[str, object]]]) -> None:
    from xsec.state.log import Log

    Log(host.files, "event").extend(told, actor=host.actor, now=host.clock.now())
    for event, fields in told:
        _to_syslog(host, event, fields)


def _apply(host: Host, how: How, outcome: Outcome) -> Report:
    """Apply what was committed; when that fails the configuration goes back, too: all of it or nothing."""
    try:
        return enforce(host, force=how.force)
    except XsecError as error:
        if outcome.changed:
            error.what += f"; {_back(host, outcome)}"
        raise


def _back(host: Host, outcome: Outcome) -> str:
    former = outcome.before.generation
    if former == 0:
        return f"the configuration stays saved as generation {outcome.generation}"
    wanted = replacing(host.store.document(former), f"put back: generation {former}", host.schema)
    try:
        done = change(host, _Quietly(), wanted, base=outcome.generation)
    except XsecError as trouble:
        return f"the configuration stays saved as generation {outcome.generation}: {trouble.what}"
    return f"the configuration is what it was in generation {former} again (now {done.generation})"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quietly:
    """How a configuration is put back: no question; a guard that took it once does not stand in the way."""

    dry_run: bool = False
    yes: bool = True
    force: bool = True
    apply: bool = False


def _unapplied(host: Host) -> tuple[str, ...]:
    """The services whose daemons were given something else than what is saved now."""
    from xsec.daemons.base import APPLIED
    from xsec.daemons.enforce import effective

    snapshot = host.store.snapshot()
    applied = snapshot[APPLIED]
    return tuple(name for name in applied if effective.unapplied(snapshot, name, applied[name]))


def _predict(host: Host, outcome: Outcome) -> Report:
    from xsec.daemons.enforce import apply

    return apply.apply(host, outcome.after, dry_run=True, open_secret=host.open_secret, now=host.now())


# Whole-document changes ----------------------------------------------------------------------------------


def replacing(wanted: Document, summary: str, schema: Schema) -> Planner:
    """A planner that makes the configuration what a document says, sections included where it has them."""

    def plan(snapshot: Snapshot, now: datetime) -> Plan:
        keys = {**snapshot.spelling, **wanted.spelling}
        settings = {schema.find(words): wanted.values.get(key) for key, words in keys.items()}
        sections: dict[str, Tree] = {name: wanted.sections.get(name) for name in snapshot.sections}
        sections.update(wanted.sections)
        return Plan(base=snapshot.generation, summary=summary, settings=settings, sections=sections)

    return plan


def rollback(host: Host, how: How, number: int) -> Outcome:
    """Make an earlier generation the configuration again, as a new generation."""
    wanted = host.store.document(number)
    return change(
        host,
        how,
        replacing(wanted, f"rolled back to generation {number}", host.schema),
        question=f"Roll the configuration back to generation {number}?",
        mend=True,
    )
