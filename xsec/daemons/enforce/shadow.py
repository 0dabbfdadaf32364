"""A second instance beside the live one, on loopback, that must prove itself before anything is switched."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

from xsec.daemons.base import Candidate, Daemon, Installation, Listener, Stage
from xsec.daemons.enforce import folders
from xsec.daemons.enforce.probe import ProbeAuthority, probe_authority
from xsec.daemons.enforce.program import Program
from xsec.daemons.enforce.prove import ClientProof, Doors, Task, client_tasks, planned, run, tasks
from xsec.daemons.enforce.report import Proof
from xsec.errors import Refused, Unavailable
from xsec.ports import World
from xsec.tls.handshake import Address

_ATTEMPTS = 3  # a free port may be taken before the shadow has it
_SHADOW = "a shadow on 127.0.0.1"


def folder(plugin: Daemon) -> PurePosixPath:
    """Where a shadow has its files: in /run, which only root can write to."""
    return PurePosixPath("/run/xsec") / f"shadow-{plugin.name}"


def predicted(listener: Listener, clients: tuple[ClientProof, ...]) -> tuple[Proof, ...]:
    """The proofs that a rehearsal would make."""
    if not listener.enabled:
        return ()
    probe = planned(_SHADOW, client_tasks(listener, _probes(listener))) if listener.clients.required else ()
    return (*planned(_SHADOW, tasks(listener, _rehearsed(clients))), *probe)


def _rehearsed(clients: tuple[ClientProof, ...]) -> tuple[ClientProof, ...]:
    return tuple(client for client in clients if client.rehearsed)


def rehearse(
    world: World,
    plugin: Daemon,
    listener: Listener,
    candidate: Candidate,
    where: Installation,
    *,
    clients: tuple[ClientProof, ...],
    now: datetime,
) -> tuple[Proof, ...]:
    """Start a shadow over the candidate's files, prove it, end it; `Refused` when it cannot even start."""
    if not listener.enabled:
        return ()
    clear(world, plugin, where)
    try:
        probe = probe_authority(now) if listener.clients.required else None
        stage = _start(world, plugin, listener, candidate, where, probe)
        doors = Doors(dialer=world.dialer, entropy=world.entropy)
        proofs = _run(doors, stage.port, tasks(listener, _rehearsed(clients)))
        if probe is not None:
            wanted = client_tasks(listener, _probes(listener, probe))
            proofs += _run(doors, stage.probe_port, tuple(wanted))
        return proofs
    finally:
        clear(world, plugin, where)


def _run(doors: Doors, port: int, wanted: tuple[Task, ...]) -> tuple[Proof, ...]:
    address = Address(host="127.0.0.1", port=port)
    return tuple(
        replace(proof, how=proof.how.replace(str(address), _SHADOW)) for proof in run(doors, address, wanted)
    )


def _probes(listener: Listener, probe: ProbeAuthority | None = None) -> tuple[ClientProof, ...]:
    found = [
        ClientProof(name="a good probe client", accepted=True, holder=probe.good if probe else None),
        ClientProof(
            name="a probe client of an unknown CA", accepted=False, holder=probe.stranger if probe else None
        ),
    ]
    if listener.clients.crls:
        revoked = probe.revoked if probe else None
        found.insert(1, ClientProof(name="a revoked probe client", accepted=False, holder=revoked))
    return tuple(found)


def _start(
    world: World,
    plugin: Daemon,
    listener: Listener,
    candidate: Candidate,
    where: Installation,
    probe: ProbeAuthority | None,
) -> Stage:
    beside = Program(world, plugin, where.beside(folder(plugin)))
    for attempt in range(_ATTEMPTS):
        stage = _stage(world, plugin, listener, probe)
        folders.write(world, plugin.rehearsal(listener, candidate, where, stage))
        wrong = beside.check()
        if wrong:
            raise Refused(
                f"{plugin.name} does not take the configuration: {wrong}", remedy="xsec service render https"
            )
        try:
            beside.start()
        except Unavailable as error:
            if attempt + 1 == _ATTEMPTS:
                raise Refused(f"the shadow does not start: {error.what}") from None
        else:
            return stage
    raise AssertionError("the last attempt returns or raises")


def _stage(world: World, plugin: Daemon, listener: Listener, probe: ProbeAuthority | None) -> Stage:
    policy = None
    if probe is not None:
        policy = replace(
            listener.clients,
            anchors=(*listener.clients.anchors, probe.authority),
            crls=(*listener.clients.crls, probe.crl) if listener.clients.crls else (),
        )
    return Stage(
        folder=folder(plugin),
        port=world.dialer.free_port(),
        probe_port=world.dialer.free_port() if probe else 0,
        probe_clients=policy,
    )


def clear(world: World, plugin: Daemon, where: Installation) -> None:
    """End a shadow, also one that a killed command left, and remove its files."""
    Program(world, plugin, where.beside(folder(plugin))).stop()
    world.files.remove_tree(folder(plugin))
