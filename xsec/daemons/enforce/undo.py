"""The end of an apply, either way: what a journal says was begun is finished or undone (AP-1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from xsec.daemons.base import APPLIED, DRIFT, Applied, Daemon, applied_from, applied_tree, daemon
from xsec.daemons.enforce import folders, shadow
from xsec.daemons.enforce.program import Program, installation
from xsec.ports import World
from xsec.state import readings
from xsec.state.journal import Journal
from xsec.state.snapshot import Tree

PROCEDURE = "apply"
REHEARSE, WRITE, SWAP, SWITCH, PROVEN = "rehearse", "write", "swap", "switch", "proven"
START, RELOAD = "start", "reload"


def recorded(world: World) -> Mapping[str, Applied]:
    """What was applied, as recorded on disk now."""
    tree = readings.load(world.files, APPLIED.area)
    return APPLIED.empty if tree is None else APPLIED.parse(tree)


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
    undo(world, journal)
    return (f"undid an apply of {name} that was interrupted",)


def finish(world: World, journal: Journal) -> None:
    """Record a proven apply and remove what nothing uses any more."""
    tree: Tree = next(step.undo for step in journal.steps if step.name == PROVEN)
    service = journal.data["service"]
    before = readings.load(world.files, APPLIED.area) or {}
    readings.save(world.files, APPLIED.area, {**before, service: tree})
    applied = applied_from(service, tree)
    if readings.load(world.files, DRIFT.area):
        readings.save(world.files, DRIFT.area, {})  # what was changed by hand is written anew
    plugin = daemon(journal.data["daemon"])
    former = before.get(service, {}).get("digest", applied.digest)
    keep = {applied.digest: None, former: None}
    folders.tidy(world.files, plugin.folder, keep)
    journal.close()


def undo(world: World, journal: Journal) -> None:
    """Put everything back, last step first, and have the daemon serve what it served."""
    plugin = daemon(journal.data["daemon"])
    where = installation(world, plugin)
    shadow.clear(world, plugin, where)
    live = Program(world, plugin, where)
    switched = next((step.undo for step in journal.steps if step.name == SWITCH), None)
    if switched == START:
        live.stop()  # nothing ran before: with its files gone it could not be started again
    for step in reversed(journal.steps):
        if step.name == SWAP:
            folders.restore(world.files, step.undo)
    if switched == RELOAD and live.pid() is not None:
        live.reload()
    for step in journal.steps:
        if step.name == WRITE and step.undo is not None:
            world.files.remove_tree(PurePosixPath(step.undo))
    journal.close()


def applied_step(journal: Journal, applied: Applied) -> None:
    """Record that everything was proven: from here on the change is finished, never undone."""
    journal.step(PROVEN, applied_tree(applied))


def stop(world: World, name: str) -> None:
    """End the daemon of a service that xsec started (the demo's end)."""
    plugin: Daemon = daemon(name)
    Program(world, plugin, installation(world, plugin)).stop()
