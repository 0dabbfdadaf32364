"""Values that lines give, as a plan: nothing is planned where the value is in force already."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from xsec.console.grammar import Request
from xsec.console.paths import Paths
from xsec.errors import InvalidValue, XsecError
from xsec.secret import Secret
from xsec.state.plan import Plan
from xsec.state.schema import Leaf
from xsec.state.snapshot import Sealed, Snapshot

_SEALED = "sealed:"
SOURCES = "--value-source file:PATH|fd:N|credential:NAME|prompt"

Opens = Callable[[Sealed, str], Secret]
"""Opens a sealed value of this host, bound to a path; an `XsecError` when it is another host's."""


def assignments(request: Request, paths: Paths) -> dict[Leaf[Any], str]:
    """The leaves that a line sets with their texts; a secret's text is refused (rules.md SE-3).

    A name after the first may be a sibling of the one before (`Status: On`) or a whole path.
    """
    texts: dict[Leaf[Any], str] = {}
    base = request.words
    for name, value in request.pairs:
        leaf = _leaf(paths, base, name)
        base = leaf.words[: -len(name)] if len(name) < len(leaf.words) else ()
        if leaf in texts:
            raise InvalidValue(f"{leaf.path}: given twice")
        if leaf.setting.secret and value:
            raise InvalidValue(
                f"{leaf.path}: a secret is not given on the command line",
                allowed=SOURCES,
                remedy=f"xsec xconfiguration {leaf.path} --value-source prompt",
            )
        texts[leaf] = value
    return texts


def _leaf(paths: Paths, base: tuple[str, ...], name: tuple[str, ...]) -> Leaf[Any]:
    try:
        return paths.find((*base, *name)).leaf()
    except InvalidValue:
        if not base or len(name) < 2:
            raise
        return paths.find(name).leaf()


def plan(
    snapshot: Snapshot,
    wanted: Mapping[Leaf[Any], object],
    *,
    summary: str,
    warnings: tuple[str, ...] = (),
) -> Plan:
    """The plan that makes the wanted values those in force; None is back to the default."""
    changed = {leaf: value for leaf, value in wanted.items() if _differs(snapshot, leaf, value)}
    return Plan(base=snapshot.generation, summary=summary, settings=changed, warnings=warnings)


def _differs(snapshot: Snapshot, leaf: Leaf[Any], value: object) -> bool:
    was_set = leaf.key in snapshot.values
    if value is None:
        return was_set
    if isinstance(value, Secret):
        return True
    if snapshot[leaf] != value:
        return True
    # an indexed setting exists by being set, so its default is worth keeping
    return leaf.setting.indexed and not was_set


def parse(leaf: Leaf[Any], text: str) -> object:
    """The typed value; an empty text takes a secret away."""
    if leaf.setting.secret and not text:
        return None
    value: object = leaf.parse(text)
    return value


def opened(
    texts: Mapping[Leaf[Any], str], snapshot: Snapshot, opens: Opens
) -> tuple[dict[Leaf[Any], object], tuple[str, ...]]:
    """The typed values of a dump's texts, and the paths of secrets that this host cannot open."""
    wanted: dict[Leaf[Any], object] = {}
    missing: list[str] = []
    for leaf, text in texts.items():
        if not (leaf.setting.secret and text.startswith(_SEALED)):
            wanted[leaf] = parse(leaf, text)
            continue
        sealed = Sealed(text.removeprefix(_SEALED))
        if snapshot[leaf] == sealed or _openable(sealed, leaf, opens):
            wanted[leaf] = sealed
        else:
            missing.append(leaf.path)
    return wanted, tuple(missing)


def others(
    wanted: Mapping[Leaf[Any], object], missing: Collection[str], snapshot: Snapshot, paths: Paths
) -> dict[Leaf[Any], object]:
    """Each setting that was set and is not among those wanted, to go back to its default."""
    were_set = (paths.find(words).leaf() for words in snapshot.spelling.values())
    return {leaf: None for leaf in were_set if leaf not in wanted and leaf.path not in missing}


def _openable(sealed: Sealed, leaf: Leaf[Any], opens: Opens) -> bool:
    try:
        opens(sealed, leaf.path).wipe()
    except XsecError:
        return False
    return True


def told(leaf: Leaf[Any]) -> str:
    """Who uses a setting, in one sentence for the operator (SY-1, SY-6)."""
    setting = leaf.setting
    if not setting.used_by:
        return f"{leaf.path}: recorded only: kept for checks, alarms and dumps; changes nothing on this host"
    users = " and ".join(setting.used_by)
    if setting.used_by == ("xsec",):
        return f"{leaf.path}: used by xsec; in force now"
    restart = f" and a restart of {setting.restart}" if setting.restart else ""
    return f"{leaf.path}: used by {users}; in force after xsec apply{restart}"
