"""Apply: render, check, rehearse beside the live daemon, switch, prove the new workers, or undo (AP-1..4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from xsec.daemons import settings
from xsec.daemons.base import Applied, Candidate, Daemon, Installation, Rendered, daemon
from xsec.daemons.enforce import folders, shadow
from xsec.daemons.enforce.effective import effective, inputs, unapplied, waiting
from xsec.daemons.enforce.listener import FAIL_CLOSED, WITHOUT_CRL, Derived, derive
from xsec.daemons.enforce.program import Program, installation
from xsec.daemons.enforce.prove import ClientProof, Doors, live, planned, run, tasks
from xsec.daemons.enforce.report import Proof, Report, ServiceReport, failed
from xsec.daemons.enforce.undo import (
    PROCEDURE,
    RELOAD,
    START,
    SWAP,
    SWITCH,
    WRITE,
    applied_step,
    finish,
    record,
    recorded,
    recover,
    undo,
)
from xsec.errors import InvalidValue, Refused, RolledBack, Unavailable, XsecError
from xsec.ports import World
from xsec.state.journal import Journal
from xsec.state.snapshot import Snapshot
from xsec.tls.handshake import Address
from xsec.tls.profile import service as tls_service

DRIVEN = ("https",)
"""The services that a plug-in carries so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One service, worked out and not yet touched."""

    service: str
    generation: int
    snapshot: Snapshot
    plugin: Daemon
    where: Installation
    derived: Derived
    candidate: Candidate
    applied: Applied | None
    report: ServiceReport
    clients: tuple[ClientProof, ...]
    now: datetime

    @property
    def address(self) -> Address:
        """Where the live daemon is asked."""
        return live(self.derived.listener.address, self.derived.listener.port)


def apply(
    world: World,
    snapshot: Snapshot,
    *,
    services: tuple[str, ...] = (),
    dry_run: bool = False,
    force: bool = False,
    fail_closed: bool = False,
    without_crl: bool = False,
    restart: bool = False,
    open_secret: folders.OpenSecret,
    proofs: tuple[ClientProof, ...] = (),
    now: datetime,
) -> Report:
    """Bring the daemons to the configuration and prove it; the caller holds the store's lock, or `dry_run`.

    `Refused`: nothing was changed.  `RolledBack`: it was switched, a proof failed, and it was undone.
    `restart` also takes the settings that wait for one (SY-6).  `proofs` are clients of the caller's.
    """
    if fail_closed and without_crl:
        raise InvalidValue("--fail-closed and --without-crl exclude each other", allowed="one of the two")
    if not dry_run:
        recover(world)
    choice = FAIL_CLOSED if fail_closed else WITHOUT_CRL if without_crl else ""
    done = []
    for service in chosen(services):
        job = _prepare(world, snapshot, service, choice=choice, restart=restart, clients=proofs, now=now)
        if not force:
            _refuse_drift(world, job)
        done.append(job.report if dry_run else _carry_out(world, job, open_secret))
    return Report(generation=snapshot.generation, time=now, dry_run=dry_run, services=tuple(done))


def chosen(services: tuple[str, ...]) -> tuple[str, ...]:
    """The services to apply: those named, or all that a daemon carries."""
    for name in services:
        if tls_service(name).id not in DRIVEN:
            raise Refused(
                f"no daemon on this host is driven for {name}",
                allowed=f"one of {', '.join(DRIVEN)}",
                remedy="xsec service list",
            )
    return tuple(dict.fromkeys(tls_service(name).id for name in services)) or DRIVEN


def _prepare(
    world: World,
    snapshot: Snapshot,
    service: str,
    *,
    choice: str,
    restart: bool,
    clients: tuple[ClientProof, ...],
    now: datetime,
) -> _Job:
    applied = recorded(world).get(service)
    held = () if restart else waiting(snapshot, service, applied)
    wanted = effective(snapshot, service, applied) if held else snapshot
    plugin = daemon(wanted[settings.HTTPS_DAEMON])
    if applied is not None and applied.daemon != plugin.name:
        raise Refused(
            f"{service} is carried by {applied.daemon}, and is not moved to another daemon while it is",
            remedy=f"xsec xconfiguration Service Https Daemon: {applied.daemon}",
        )
    where = installation(world, plugin)
    derived = derive(wanted, service, now, choice)
    candidate = plugin.render(derived.listener, where)
    report = ServiceReport(
        service=service,
        daemon=plugin.name,
        digest=candidate.digest,
        changed=True,
        action=RELOAD if Program(world, plugin, where).pid() else START,
        inputs=unapplied(snapshot, service, applied),
        pending=tuple(setting.path for setting in held),
        files=folders.changes(world, candidate, applied),
        notes=(*derived.notes, *(f"{setting.path} waits for xsec restart {service}" for setting in held)),
    )
    job = _Job(
        service=service,
        generation=snapshot.generation,
        snapshot=wanted,
        plugin=plugin,
        where=where,
        derived=derived,
        candidate=candidate,
        applied=applied,
        report=report,
        clients=clients,
        now=now,
    )
    return replace(job, report=_predicted(job))


def _predicted(job: _Job) -> ServiceReport:
    if job.report.action == RELOAD and not job.report.files and _is_applied(job):
        proofs = planned(job.address, tasks(job.derived.listener, job.clients))
        return replace(job.report, changed=False, action="none", proofs=proofs)
    return replace(
        job.report,
        rehearsed=shadow.predicted(job.derived.listener, job.clients),
        proofs=planned(job.address, tasks(job.derived.listener, job.clients)),
    )


def _is_applied(job: _Job) -> bool:
    return job.applied is not None and job.applied.digest == job.candidate.digest


def _refuse_drift(world: World, job: _Job) -> None:
    """What was changed by hand, or was never ours, is not overwritten without --force (TL-7)."""
    changed = folders.drift(world.files, job.applied)
    # a file that is missing is made again: nothing of the operator's is lost by that
    touched = [path for path, how in changed.items() if how == "changed"]
    others = folders.foreign(world.files, job.plugin, job.candidate, job.applied)
    if touched or others:
        what = "was changed by hand since the last apply" if touched else "was not made by xsec"
        raise Refused(
            f"{(touched or list(others))[0]} {what}",
            where=", ".join((*touched, *others)),
            remedy=f"xsec service verify {job.service}; --force overwrites it",
        )


# Carrying out ----------------------------------------------------------------------------------------------


def _carry_out(world: World, job: _Job, open_secret: folders.OpenSecret) -> ServiceReport:
    if not job.report.changed:
        proofs = _prove_live(world, job)
        if failed(proofs) is None:
            report = replace(job.report, proofs=proofs)
            if job.applied is not None and job.applied.generation != job.generation:
                record(world, _record(world, job, report))
            return report
        job = replace(job, report=replace(job.report, changed=True, action=RELOAD))
    fresh = world.files.info(job.candidate.folder) is None
    about = {"service": job.service, "daemon": job.plugin.name, "digest": job.report.digest}
    journal = Journal.begin(world.files, PROCEDURE, about)
    try:
        journal.step(WRITE, str(job.candidate.folder) if fresh else None)
        _write(world, job, open_secret)
        rehearsed = _rehearse(world, job)
        proofs = _switch(world, job, journal)
        report = replace(job.report, rehearsed=rehearsed, proofs=proofs)
        applied_step(journal, _record(world, job, report))
    except XsecError as error:
        told = undo(world, journal)
        if told:
            error.what = f"{error.what}; {told}"
        raise
    except KeyboardInterrupt:
        undo(world, journal)
        raise
    try:
        finish(world, journal)
    except XsecError as error:
        # it is in force and proven: what is left is to write that down, which the next command does
        note = f"in force and proven, but the record is not complete: {error.what}"
        report = replace(report, notes=(*report.notes, note))
    return report


def _write(world: World, job: _Job, open_secret: folders.OpenSecret) -> None:
    for folder in (*job.candidate.needs, job.where.pid_file.parent):
        mode = 0o700 if folder in job.candidate.needs else 0o755
        world.files.make_folder(folder, mode=mode)
    world.files.sweep(job.candidate.folder)
    folders.write(world, job.candidate.files, open_secret)


def _rehearse(world: World, job: _Job) -> tuple[Proof, ...]:
    proofs = shadow.rehearse(
        world,
        job.plugin,
        job.derived.listener,
        job.candidate,
        job.where,
        clients=job.clients,
        now=job.now,
    )
    wrong = failed(proofs)
    if wrong is not None:
        reason = _why(wrong)
        raise Refused(
            f"{job.service} was not switched: {reason.what}; nothing was changed",
            where=wrong.how,
            allowed=wrong.expected,
            remedy=f"xsec apply {job.service} --dry-run",
        )
    return proofs


def _switch(world: World, job: _Job, journal: Journal) -> tuple[Proof, ...]:
    """Replace the pointers, have the daemon take them, and prove it; `RolledBack` when that fails."""
    switching = (*job.candidate.pointers, *_missing(world, job))
    journal.step(SWAP, folders.remember(world.files, switching))
    folders.write(world, switching)
    program = Program(world, job.plugin, job.where)
    wrong = program.check()
    if wrong:
        raise _rolled_back(job, Refused(f"{job.plugin.name} does not take its whole configuration: {wrong}"))
    journal.step(SWITCH, job.report.action)
    try:
        program.start() if job.report.action == START else program.reload()
    except Unavailable as error:
        raise _rolled_back(job, error) from None
    proofs = _prove_live(world, job)
    failure = failed(proofs)
    if failure is not None:
        raise _rolled_back(job, _why(failure))
    return proofs


def _missing(world: World, job: _Job) -> tuple[Rendered, ...]:
    return tuple(item for item in job.candidate.missing if world.files.info(item.path) is None)


def _prove_live(world: World, job: _Job) -> tuple[Proof, ...]:
    doors = Doors(dialer=world.dialer, entropy=world.entropy)
    return run(doors, job.address, tasks(job.derived.listener, job.clients))


def _why(proof: Proof) -> Refused:
    told = f"{proof.what}: expected {proof.expected}, found {proof.found}"
    return Refused(told, where=proof.how, allowed=proof.expected)


def _rolled_back(job: _Job, reason: XsecError) -> RolledBack:
    """What is told of a switch that failed; whether the former configuration serves again, `undo` adds."""
    return RolledBack(
        f"{job.service} was switched, failed and was rolled back: {reason.what}",
        where=reason.where,
        allowed=reason.allowed,
        remedy=f"xsec apply {job.service} --dry-run",
    )


def _record(world: World, job: _Job, report: ServiceReport) -> Applied:
    written = (*job.candidate.files, *job.candidate.pointers)
    return Applied(
        service=job.service,
        daemon=job.plugin.name,
        digest=job.candidate.digest,
        generation=job.generation,
        time=world.clock.now(),
        files=folders.digests(world.files, written),
        inputs=inputs(job.snapshot, job.service),
        pointers=tuple(str(item.path) for item in job.candidate.pointers),
        choice=job.derived.choice,
        proofs=tuple(
            {"what": proof.what, "expected": proof.expected, "found": proof.found, "how": proof.how}
            for proof in report.proofs
        ),
        notes=report.notes,
    )
