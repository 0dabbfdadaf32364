"""Make a working store on a host that has none, or finish one that was begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command
from xsec.errors import Damaged, InvalidValue, Refused
from xsec.output.result import Block, Fields, Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xsec.host import Host
    from xsec.lifecycle.setup import FirstStore
    from xsec.state.outcome import Outcome


@command(None, "setup", short_help="Make a working default store on this host.")
@changing
@click.option("--name", metavar="NAME", help="System name; a terminal is asked, --yes takes the host's.")
@click.pass_obj
def setup(host: Host, change: Change, name: str | None) -> Result:
    """Make the store: key ring, default trust list, a self-signed certificate, generation 1.

    What is there already stays as it is, so that a second run does nothing and a run after an
    interruption finishes.
    """
    from xsec import transact
    from xsec.lifecycle import setup as domain

    host.store = store = domain.FirstStore(host.files, host.schema)
    host_name = domain.host_name(host.files, _machine())
    system_name = _system_name(host, store, change, name, host_name)
    if not change.dry_run:
        _prepare(host, store)
    key_id, serial = host.entropy.bytes(16).hex(), host.entropy.bytes(16)
    done = transact.change(
        host,
        change,
        lambda snapshot, now: domain.plan_setup(
            snapshot, now, system_name=system_name, host_name=host_name, key_id=key_id, serial=serial
        ),
    )
    return done.result({"root": host.root}, lambda: _view(host, done), notes=_next(done))


def _machine() -> str:
    import platform

    return platform.node()


def _system_name(host: Host, store: FirstStore, change: Change, given: str | None, default: str) -> str:
    """The name that was given, answered, or the host's; no question where the host has one already."""
    from xsec.lifecycle import setup as domain
    from xsec.state.settings import SYSTEM_NAME

    present = store.snapshot()[SYSTEM_NAME] or (default if domain.parts(store).complete else "")
    if present and given and given != present:
        raise Refused(
            f"the system name is {present!r} already: setup changes nothing that is there",
            remedy=f'xsec xconfiguration SystemUnit Name: "{SYSTEM_NAME.kind.parse(given)}"',
        )
    if given is not None or present:
        return SYSTEM_NAME.kind.parse(given or present)
    if change.yes or change.dry_run:
        return default
    if not host.terminal.interactive:
        raise InvalidValue(
            "setup asks for the system name and there is no terminal",
            allowed="--name NAME, or --yes for the host's name",
            remedy="xsec setup --yes",
        )
    return SYSTEM_NAME.kind.parse(host.terminal.ask("System name", default))


def _prepare(host: Host, store: FirstStore) -> None:
    """Folders, logs and key ring, under the lock: two setups at once make one ring."""
    from xsec.state import rootkey
    from xsec.state.log import NAMES, Log

    store.make()
    with store.locked():
        for name in NAMES if not store.exists() else ():
            Log(host.files, name).begin()
        if rootkey.load(host.files) is not None:
            return
        if store.exists() and store.files.names(rootkey.PATH.parent / "secrets"):
            raise Damaged(
                "the key ring is gone while sealed values are there: a new one would not open them",
                where=str(rootkey.PATH),
                remedy="put the file back from a copy of this host",
            )
        rootkey.save(host.files, rootkey.make(host.entropy))


def _view(host: Host, done: Outcome) -> Iterable[Block]:
    from xsec.lifecycle import setup as domain

    if done.changed:
        yield Fields(domain.summary(done.after, host.root))


def _next(done: Outcome) -> Iterable[str]:
    if done.changed and not done.dry_run:
        yield "next: xsec status"
