"""The end of an apply, either way: what a journal says was begun is finished or undone (AP-1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from xsec.daemons import settings
from xsec.daemons.base import APPLIED, CERTIFICATE, DRIFT, Applied, Daemon, applied_from, applied_tree, daemon
from xsec.daemons.enforce import folders, shadow
from xsec.daemons.enforce.program import Program, installation
from xsec.daemons.enforce.prove import Doors, live, serves
from xsec.errors import XsecError
from xsec.pki import pem
from xsec.ports import World
from xsec.state import readings
from xsec.state.journal import Journal
from xsec.state.snapshot import Tree

PROCEDURE = "apply"
WRITE, SWAP, SWITCH, PROVEN = "write", "swap", "switch", "proven"
START, RELOAD = "start", "reload"


def recorded(world: World) -> Mapping[str, Applied]:
    """What was applied, as recorded on disk now."""
    tree = readings.load(world.files, APPLIED.area)
    return APPLIED.empty if tree is None else APPLIED.parse(tree)


def record(world: World, applied: Applied) -> Mapping[str, Tree]:
    """Record what is in force for a service; what was recorded before."""
    before: Mapping[str, Tree] = readings.load(world.files, APPLIED.area) or {}
    readings.save(world.files, APPLIED.area, {**before, applied.service: applied_tree(applied)})
    return before


def recover(world: World) -> tuple[str, ...]:
    """Finish or undo what a killed apply left; what was done, one sentence each.

    The caller holds the store's lock.  Without anything left nothing is touched.
    """
    journal = Journal.load(world.files, PROCEDURE)
    if journal is None:
        return ()
    name = journal.data["service"]
    if journal.reached(PROVEN):
        finish(world, journal)
        return (f"finished an apply of {name} that was interrupted after its proof",)
    outcome = undo(world, journal)
    told = f"undid an apply of {name} that was interrupted"
    return (f"{told}; {outcome}",) if outcome else (told,)


def finish(world: World, journal: Journal) -> None:
    """Record a proven apply and remove what nothing uses any more."""
    tree: Tree = next(step.undo for step in journal.steps if step.name == PROVEN)
    applied = applied_from(journal.data["service"], tree)
    before = record(world, applied)
    if readings.load(world.files, DRIFT.area):
        readings.save(world.files, DRIFT.area, {})  # what was changed by hand is written anew
    former = before.get(applied.service, {}).get("digest", applied.digest)
    folders.tidy(world.files, daemon(applied.daemon).folder, (applied.digest, former))
    journal.close()


def undo(world: World, journal: Journal) -> str:
    """Put everything back and have the daemon serve what it served; what is to be told of it.

    That is whether the former configuration was seen to serve again, or what could not be done; it is empty
    where nothing was switched, or nothing of xsec's was served before.

    Files are put back in any case, or the journal stays.  A daemon that cannot be found or does not take
    the reload is told and does not stand in the way of the next command.
    """
    plugin = daemon(journal.data["daemon"])
    switched = next((step.undo for step in journal.steps if step.name == SWITCH), None)
    trouble = _attempt(lambda: _quiet(world, plugin, switched))
    for step in reversed(journal.steps):
        if step.name == SWAP:
            folders.restore(world.files, step.undo)
    if switched == RELOAD and not trouble:
        trouble = _attempt(lambda: _reload(world, plugin))
    told = trouble
    if not trouble and switched != START and any(step.name == SWAP for step in journal.steps):
        told = _proven(world, plugin, journal.data["service"])
    for step in journal.steps:
        if step.name == WRITE and step.undo is not None:
            world.files.remove_tree(PurePosixPath(step.undo))
    journal.close()
    return told


def _proven(world: World, plugin: Daemon, service: str) -> str:
    """Whether the configuration before this apply serves, by a handshake that shows its certificate."""
    try:
        former = recorded(world).get(service)
    except XsecError as error:
        return f"whether the former configuration serves is not known: {error.what}"
    if former is None or former.inputs.get(settings.HTTPS.path) != "On":
        return ""
    address = live(former.inputs[settings.HTTPS_ADDRESS.path], int(former.inputs[settings.HTTPS_PORT.path]))
    path = plugin.folder / former.digest / CERTIFICATE
    try:
        certificate = next(pem.blocks(world.files.read(path), str(path))).der
        wrong = serves(Doors(dialer=world.dialer, entropy=world.entropy), address, certificate)
    except (FileNotFoundError, StopIteration, XsecError):
        wrong = f"{path} cannot be read"
    if wrong:
        return f"the former configuration does not serve: {wrong}: see xsec service verify {former.service}"
    return f"the former configuration serves again: {address} answered with its certificate"


def _attempt(step: Callable[[], None]) -> str:
    try:
        step()
    except XsecError as error:
        return f"the files were put back, but {error.what}: see xsec service verify"
    return ""


def _quiet(world: World, plugin: Daemon, switched: str | None) -> None:
    """End the shadow, and a daemon that did not run before: with its files gone it could not go on."""
    where = installation(world, plugin)
    shadow.clear(world, plugin, where)
    if switched == START:
        Program(world, plugin, where).stop()


def _reload(world: World, plugin: Daemon) -> None:
    program = Program(world, plugin, installation(world, plugin))
    if program.pid() is not None:
        program.calm()
        program.reload()


def applied_step(journal: Journal, applied: Applied) -> None:
    """Record that everything was proven: from here on the change is finished, never undone."""
    journal.step(PROVEN, applied_tree(applied))


def stop(world: World, name: str) -> None:
    """End the daemon of a service that xsec started (the demo's end)."""
    plugin: Daemon = daemon(name)
    Program(world, plugin, installation(world, plugin)).stop()
