"""The machine below xsec as it was seen: whether it is still the one, and whether its store is private."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from xsec.errors import XsecError
from xsec.ports import Files
from xsec.state import rootkey, store
from xsec.state.snapshot import Reading, Snapshot, Tree

MACHINE_ID = PurePosixPath("/etc/machine-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Digests of the machine-id (machine-id(5) asks not to show it), the first one seen and the latest.

    An empty text stands for "there is none".  `open` are folders and files of the store that users other
    than their owner can read or write, each with its mode in octal.
    """

    first: str = ""
    machine: str = ""
    open: tuple[tuple[str, str], ...] = ()
    trouble: str = ""
    """Why what was recorded before does not read; such facts are judged by and not recorded."""
    remedy: str = ""


def recorded(snapshot: Snapshot) -> Facts:
    """The facts as last recorded, with the trouble where that record is damaged."""
    try:
        return snapshot[HOST]
    except XsecError as error:
        return Facts(trouble=error.what, remedy=error.remedy)


def observe(files: Files, before: Facts) -> Facts:
    """What the machine is now; the first machine-id stays recorded."""
    machine = _machine(files)
    first = before.first or ("" if before.trouble else machine)
    return replace(before, first=first, machine=machine, open=tuple(_open(files)))


def _machine(files: Files) -> str:
    try:
        text = files.read(MACHINE_ID, limit=4096).strip()
    except (FileNotFoundError, XsecError):
        return ""
    return hashlib.sha256(b"xsec machine-id\0" + text).hexdigest()[:32] if text else ""


def _open(files: Files) -> list[tuple[str, str]]:
    found = []
    for path in (*store.FOLDERS, rootkey.PATH):
        facts = files.info(path)
        if facts is not None and facts.mode & 0o077:
            found.append((files.on_disk(path), f"{facts.mode:04o}"))
    return found


def with_host(snapshot: Snapshot, facts: Facts) -> Snapshot:
    """The snapshot as it is once these facts are recorded."""
    return snapshot.changed(
        generation=snapshot.generation,
        values=snapshot.values,
        spelling=snapshot.spelling,
        sections=snapshot.sections,
        objects={},
        readings={HOST.area: HOST.format(facts)},
    )


def _parse(tree: Tree) -> Facts:
    opened = tuple((str(path), str(mode)) for path, mode in tree.get("open", ()))
    return Facts(
        first=tree.get("first", ""),
        machine=tree.get("machine", ""),
        open=opened,
        trouble=tree.get("trouble", ""),
        remedy=tree.get("remedy", ""),
    )


def _format(facts: Facts) -> Tree:
    known = {"first": facts.first, "machine": facts.machine, "open": [list(pair) for pair in facts.open]}
    return {**known, "trouble": facts.trouble, "remedy": facts.remedy} if facts.trouble else known


HOST: Reading[Facts] = Reading("host", parse=_parse, format=_format, empty=Facts())
