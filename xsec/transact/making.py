"""Making a change: whole or not at all, and none lost."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from xsec import catalogue
from xsec.errors import Conflict, Damaged, InvalidValue, Refused, XsecError
from xsec.secret import Secret
from xsec.state import document, seal
from xsec.state.document import Document, Origin
from xsec.state.outcome import Outcome
from xsec.state.plan import Plan
from xsec.state.rule import Finding
from xsec.state.snapshot import Sealed, Snapshot, Tree
from xsec.transact.afterwards import after, attempt, catch_up
from xsec.transact.applying import enforce, predict, recover, unapplied
from xsec.transact.how import Considered, How, Planner, only_now

if TYPE_CHECKING:
    from xsec.daemons.enforce.report import Report
    from xsec.host import Host
    from xsec.state.schema import Schema


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
    only_now(host)
    if how.dry_run:
        considered = _consider(host, how, planner, mend=mend)
        return replace(considered, applied=predict(host, considered)) if how.apply else considered
    if question and not how.yes:
        base = _confirm(host, how, planner, question, mend=mend)
    with host.store.locked():
        recover(host)
        outcome = _consider(host, how, planner, base=base, mend=mend)
        attempt(host, "the log", lambda: catch_up(host, outcome.before))
        with host.uninterrupted(), host.store.spending_reserve() if mend else nullcontext():
            if outcome.changed:
                outcome = _commit(host, outcome)
            after(host, outcome)
        host.store.refill()
    if how.apply:
        return replace(outcome, applied=apply_with(host, how, outcome))
    if not outcome.changed:
        return outcome
    found: list[str] = []
    attempt(host, "what is not applied", lambda: found.extend(unapplied(host)))
    return replace(outcome, unapplied=tuple(found))


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


def _base(host: Host, *, mend: bool) -> tuple[Document, bool]:
    """The document a change starts from, and whether the one in force is damaged."""
    try:
        return host.store.current(), False
    except Damaged:
        good = host.store.last_good() if mend else None
        if good is None:
            raise
        return good, True


def _consider(host: Host, how: How, planner: Planner, *, mend: bool, base: int | None = None) -> Considered:
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
    return Considered(
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


def _commit(host: Host, considered: Considered) -> Considered:
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


def apply_with(host: Host, how: How, outcome: Outcome) -> Report:
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
