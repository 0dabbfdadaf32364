"""The configuration document: show, validate, load, edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command, group
from xsec.errors import XsecError
from xsec.output.result import Raw, Result, Text

if TYPE_CHECKING:
    from datetime import datetime

    from xsec.host import Host
    from xsec.state.outcome import Outcome
    from xsec.state.plan import Plan
    from xsec.state.snapshot import Snapshot


@group("config", short_help="The configuration document: show, validate, load, edit.")
def config() -> None:
    """The configuration document: show, validate, load, edit."""


@command(config, "show", short_help="Print the document, or a part of it.")
@click.argument("path", nargs=-1)
@click.pass_obj
def config_show(host: Host, path: tuple[str, ...]) -> Result:
    """Print the document in force: what was set, the trust list, the certificates, the CRLs.

    PATH is a part of it, such as `trust` or `SIP TLS`. Settings that were never set have their default and
    do not stand in the document; `xsec xconfiguration` shows them all.
    """
    from xsec.console import documents
    from xsec.state import document

    current = host.store.current()
    tree = document.settings_tree(current, host.schema)
    words = tuple(word for text in path for word in text.split())
    if words:
        chosen = documents.part(words, current, tree)
        return Result(chosen, lambda: [Raw(document.dump_tree(chosen))])
    data = document.serialize(current, host.schema)
    whole = {"generation": current.generation, "settings": tree, **current.sections}
    return Result(whole, lambda: [Raw(_without_checksum(data))])


def _without_checksum(data: bytes) -> bytes:
    title, _, body = data.split(b"\n", 2)
    return title + b"\n" + body


@command(config, "validate", short_help="Check a document; change nothing.")
@click.argument("file")
@click.pass_obj
def config_validate(host: Host, file: str) -> Result:
    """Check the document FILE (- for stdin): settings by the schema, sections by this host's store."""
    from xsec import catalogue
    from xsec.console import documents
    from xsec.state import document

    sections = catalogue.sections()
    given = documents.read(host.read_input(file, limit=document.LIMIT), host.schema, sections)
    left_out: tuple[str, ...] = ()
    if host.store.exists():
        snapshot = host.store.snapshot(host.store.last_good())
        documents.check(given, snapshot, sections)
        left_out = documents.missing(given, snapshot, host.open_secret)
    count = len(given.document.values)
    return Result(
        {"valid": True, "settings": count, "whole": given.whole, "sealed_elsewhere": left_out},
        lambda: [Text(f"valid: {count} settings, {'a whole document' if given.whole else 'a part'}")],
        notes=[f"{path}: sealed by another host" for path in left_out],
    )


@command(config, "load", short_help="Bring a document into force.")
@changing
@click.argument("file")
@click.pass_obj
def config_load(host: Host, change: Change, file: str) -> Result:
    """Bring the document FILE (- for stdin) into force as one transaction and print what changed.

    A document with its part `xsec:` is the whole configuration: what it does not name goes back to the
    default or is removed. Without that part it changes only what it names. Loading it again does nothing.
    """
    from xsec.state import document

    return _bring(host, change, host.read_input(file, limit=document.LIMIT)).result()


def _bring(host: Host, change: Change, data: bytes, base: int | None = None) -> Outcome:
    from xsec import catalogue, transact
    from xsec.console import documents

    sections = catalogue.sections()
    given = documents.read(data, host.schema, sections)

    def planner(snapshot: Snapshot, now: datetime) -> Plan:
        documents.check(given, snapshot, sections)
        left_out = documents.missing(given, snapshot, host.open_secret)
        return documents.plan(given, snapshot, host.schema, left_out)

    return transact.change(host, change, planner, mend=True, base=base)


@command(config, "edit", short_help="Edit the document and bring it into force.")
@changing
@click.pass_obj
def config_edit(host: Host, change: Change) -> Result:
    """Open the document in $VISUAL or $EDITOR; when the editor ends, check it and bring it into force.

    A document that is refused is kept, and its name is told, so that no work is lost.
    """
    from pathlib import PurePosixPath

    from xsec.state import document

    current = host.store.current()
    before = _without_checksum(document.serialize(current, host.schema))
    copy = PurePosixPath("/var/lib/xsec") / f"edit-{host.entropy.bytes(8).hex()}.yaml"
    host.files.create(copy, before)
    try:
        host.terminal.edit(host.files.on_disk(copy))
    except XsecError:
        host.files.remove(copy)
        raise
    try:
        data = host.files.read(copy, limit=document.LIMIT)
        done = _bring(host, change, data, current.generation)
    except XsecError as error:
        error.remedy = f"correct {host.files.on_disk(copy)} and: xsec config load {host.files.on_disk(copy)}"
        raise
    host.files.remove(copy)
    return done.result()
