"""Every setting by path, as on the appliance's console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xsec.commands.options import Change, changing, command
from xsec.errors import InvalidValue
from xsec.output.result import Raw, Result, Table, Text

if TYPE_CHECKING:
    from datetime import datetime

    from xsec.console.grammar import Request
    from xsec.console.paths import Paths
    from xsec.host import Host
    from xsec.state.plan import Plan
    from xsec.state.snapshot import Snapshot


@command(
    None,
    "xconfiguration",
    short_help="Every setting by path.",
    context_settings={"ignore_unknown_options": True},
)
@changing
@click.option("--load", metavar="FILE", help="Read a dump back, of xsec or of an appliance (- for stdin).")
@click.option("--replace", is_flag=True, help="With --load: what the dump does not name gets its default.")
@click.option("--default", is_flag=True, help="Put the path, or all below it, back to the default.")
@click.option("--value-source", metavar="SOURCE", help="Where a secret comes from: see xsec help secrets.")
@click.argument("line", nargs=-1)
@click.pass_obj
def xconfiguration(
    host: Host,
    change: Change,
    load: str | None,
    replace: bool,
    default: bool,
    value_source: str | None,
    line: tuple[str, ...],
) -> Result:
    """Show and set by path: words may be cut short where they stay unique.

    \b
    xsec xconfiguration                            everything, as lines that --load reads back
    xsec xconfiguration SIP Advanced               all below a path
    xsec xconfiguration SIP TLS Port: 5061         set; several "Name: value" may follow each other
    xsec xconfiguration '?'                        what lies below; '??' with values, default and text
    xsec xconfiguration SIP TLS Port '?'           one setting explained
    xsec xconfiguration //tls//mode                search
    """  # noqa: D301  (click wants the control character)
    from xsec.console import grammar
    from xsec.console.paths import Paths

    if load is not None:
        return _load(host, change, load, replace=replace, line=line)
    for word in line:
        if word.startswith("--"):
            raise InvalidValue("no such option", remedy="xsec xconfiguration --help")
    paths = Paths(host.schema)
    request = grammar.parse(line)
    if default or value_source is not None:
        return _one(host, change, paths, request, value_source)
    return _ANSWERS[request.ask.name](host, change, paths, request)


def _show(host: Host, change: Change, paths: Paths, request: Request) -> Result:
    from xsec.console import dump

    place = paths.find(request.words)
    snapshot = host.snapshot()
    values = {leaf.path: dump.text_of(leaf, snapshot) for leaf in dump.leaves(place, snapshot)}
    return Result({"values": values}, lambda: [Raw(dump.text(place, snapshot).encode())])


def _set(host: Host, change: Change, paths: Paths, request: Request) -> Result:
    from xsec.console import change as domain

    texts = domain.assignments(request, paths)
    wanted = {leaf: domain.parse(leaf, text) for leaf, text in texts.items()}
    notes = [note for leaf, text in texts.items() for note in leaf.setting.kind.notes(text)]
    return _commit(host, change, wanted, "set", notes)


def _one(host: Host, change: Change, paths: Paths, request: Request, source: str | None) -> Result:
    from xsec.console import dump

    if request.ask.name != "SHOW" or not request.words:
        raise InvalidValue("this option goes with a path alone", remedy="xsec xconfiguration --help")
    place = paths.find(request.words)
    if source is None:
        return _commit(
            host, change, dict.fromkeys(dump.leaves(place, host.snapshot())), "back to default", []
        )
    leaf = place.leaf()
    if not leaf.setting.secret:
        raise InvalidValue(f"{leaf.path}: not a secret", remedy=f"xsec xconfiguration {leaf.path}: VALUE")
    secret = host.read_secret(source, leaf.path)
    try:
        value = leaf.parse(secret.reveal().decode())
    except UnicodeDecodeError:
        raise InvalidValue(f"{leaf.path}: the secret is not UTF-8") from None
    finally:
        secret.wipe()
    return _commit(host, change, {leaf: value}, "set", [])


def _commit(host: Host, change: Change, wanted: dict[Any, object], verb: str, notes: list[str]) -> Result:
    from xsec import transact
    from xsec.console import change as domain
    from xsec.console import dump

    summary = f"{verb}: {', '.join(leaf.path for leaf in wanted)}"[:200]
    done = transact.change(host, change, lambda snapshot, _: domain.plan(snapshot, wanted, summary=summary))
    said = [*notes, *(domain.told(leaf) for leaf in wanted)]
    lines = "\n".join(dump.line(leaf, done.after) for leaf in wanted if not leaf.setting.secret)
    values = {leaf.path: dump.text_of(leaf, done.after) for leaf in wanted if not leaf.setting.secret}
    return done.result({"values": values}, lambda: [Text(lines)] if lines else [], notes=said)


def _load(host: Host, change: Change, name: str, *, replace: bool, line: tuple[str, ...]) -> Result:
    from xsec import transact
    from xsec.console import change as domain
    from xsec.console import dump
    from xsec.console.paths import Paths

    if line:
        raise InvalidValue("--load stands alone", remedy="xsec xconfiguration --load FILE")
    paths = Paths(host.schema)
    loaded = dump.read(host.read_input(name, limit=dump.LIMIT), paths)
    wanted, missing = domain.opened(loaded.texts, host.snapshot(), host.open_secret)

    def planner(snapshot: Snapshot, now: datetime) -> Plan:
        rest = domain.others(wanted, missing, snapshot, paths) if replace else {}
        return domain.plan(snapshot, {**rest, **wanted}, summary="read a configuration dump back")

    done = transact.change(host, change, planner)
    unread = [
        *((path, "outside xsec's scope") for path in loaded.foreign),
        *((path, "sealed by an appliance") for path in loaded.sealed),
        *((path, "sealed by another host") for path in missing),
    ]
    return done.result(
        {"read": len(loaded.texts), "not_read": [{"path": p, "reason": r} for p, r in unread]},
        lambda: [Table(["not read", "why"], unread)] if unread else [],
        notes=[f"{len(loaded.texts)} settings read, {len(unread)} lines not read"],
    )


def _list(host: Host, change: Change, paths: Paths, request: Request) -> Result:
    from xsec.console import help as text
    from xsec.state.schema import Leaf

    place = paths.find(request.words)
    setting = place.node.setting
    if setting is None:
        rows = text.below(place)
        return Result(
            {"below": [{"word": w, "about": a} for w, a in rows]}, lambda: [Table(["word", "about"], rows)]
        )
    snapshot = host.snapshot() if host.store.exists() else None
    leaf = Leaf(setting, place.words)
    return Result({**text.row(setting), "path": place.path}, lambda: [text.explain(leaf, snapshot)])


def _explain(host: Host, change: Change, paths: Paths, request: Request) -> Result:
    from xsec.console import help as text

    settings = list(paths.find(request.words).node.leaves())
    return Result({"settings": [text.row(s) for s in settings]}, lambda: text.details(settings))


def _search(host: Host, change: Change, paths: Paths, request: Request) -> Result:
    from xsec.console import help as text

    found = list(paths.search(request.words))
    if not found:
        raise InvalidValue(
            f"no path has {' and then '.join(request.words)}", remedy="xsec xconfiguration '?'"
        )
    return Result({"settings": [text.row(s) for s in found]}, lambda: [text.search_table(found)])


_ANSWERS = {"SHOW": _show, "SET": _set, "LIST": _list, "EXPLAIN": _explain, "SEARCH": _search}
