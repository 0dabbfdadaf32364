"""Answers to `?`, `??`, `<path> ?` and `//word//word`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from xsec.console import dump
from xsec.console.paths import Node, Place
from xsec.output.result import Block, Fields, Table, Text
from xsec.state.schema import Leaf, Setting
from xsec.state.snapshot import Snapshot


def default_of(setting: Setting[Any]) -> str:
    """The default as text; empty where there is none."""
    return "" if setting.default is None else setting.kind.format(setting.default)


def users_of(setting: Setting[Any]) -> str:
    """Who uses the setting."""
    return ", ".join(setting.used_by) or "recorded only"


def row(setting: Setting[Any]) -> dict[str, object]:
    """Everything declared of a setting, for programs."""
    return {
        "path": setting.path,
        "values": setting.kind.describe(),
        "default": default_of(setting),
        "help": setting.help,
        "restart": setting.restart,
        "used_by": list(setting.used_by),
        "secret": setting.secret,
        "peer_local": setting.local,
        "own": setting.own,
        "other_source": setting.other,
        "page": setting.page,
    }


def below(place: Place) -> list[tuple[str, str]]:
    """The next words with one line each."""
    return [(node.word, _about(node)) for node in place.node.below.values()]


def _about(node: Node) -> str:
    if node.setting is not None:
        return f"{node.setting.help} {node.setting.kind.describe()}"
    names = [inner.word for inner in node.below.values()]
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown}, ... ({len(names)} in all)"


def details(settings: Iterable[Setting[Any]]) -> Iterator[Block]:
    """Value space, default and description of each setting (`??`)."""
    for setting in settings:
        lines = [f"xConfiguration {setting.path}: {setting.kind.describe()}", f"     {setting.help}"]
        lines.append(f'     Default: "{default_of(setting)}"')
        if setting.other:
            lines.append(f"     Elsewhere: {setting.other}")
        if setting.restart:
            lines.append(f"     Needs a restart: {setting.restart}")
        if setting.own:
            lines.append("     xsec's own: no appliance has it")
        yield Text("\n".join(lines))


def explain(leaf: Leaf[Any], snapshot: Snapshot | None) -> Fields:
    """One setting explained (`<path> ?`); without a store the current value is left out."""
    setting = leaf.setting
    pairs: list[tuple[str, object]] = [
        ("path", leaf.path),
        ("values", setting.kind.describe()),
        ("default", f'"{default_of(setting)}"'),
    ]
    if snapshot is not None:
        pairs.append(("current", f'"{dump.text_of(leaf, snapshot)}"'))
    pairs += [
        ("description", setting.help),
        ("used by", users_of(setting)),
        ("restart", setting.restart or "not needed"),
        ("shared", "no, of this peer" if setting.local else "by all peers of a cluster"),
    ]
    if setting.secret:
        pairs.append(("secret", "sealed at rest; set with --value-source"))
    if setting.other:
        pairs.append(("elsewhere", setting.other))
    if setting.own:
        pairs.append(("own", "xsec's own: no appliance has it"))
    if setting.page:
        pairs.append(("page command", setting.page))
    return Fields(pairs)


def search_table(settings: Iterable[Setting[Any]]) -> Table:
    """The settings found, one a row."""
    return Table(["path", "values", "description"], [(s.path, s.kind.describe(), s.help) for s in settings])
