"""What a store must be after a fault: whole, old or new, nothing acknowledged lost, nothing left over."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.driver import NoonHost, Ran
from tests.faults.inject import Fault
from xsec.errors import XsecError
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST
from xsec.revocation.manual import MANUAL
from xsec.state.engine import ALARMS
from xsec.state.log import Log
from xsec.state.snapshot import Sealed, Tree

_SEALED = re.compile(r"sealed:[0-9a-f]+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
NOTHING = "no store"
HARD = ("ENOSPC", "EIO", "EROFS", "EDQUOT", "EMFILE", "EFBIG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A store as a reader sees it: its content (without the ids of sealed values), and what is wrong."""

    content: str
    generation: int = 0
    wrong: tuple[str, ...] = ()


def look(root: Path, *, loose: bool = False) -> Look:
    """Read a store whole.  `loose` masks digests, for commands that make a new key each time."""
    host = NoonHost(root=str(root), command="look")
    try:
        if not host.store.exists():
            return Look(content=NOTHING)
        current = host.store.current()
        snapshot = host.store.snapshot(current)
        text = "\n".join(
            [
                *(f"{key}={_text(value)}" for key, value in sorted(current.values.items())),
                *(f"{name}: {tree!r}" for name, tree in sorted(current.sections.items())),
                *(f"acknowledged: {a.id} {a.object}" for a in snapshot[ALARMS].alarms if a.acknowledged),
            ]
        )
        text = _SEALED.sub("sealed", text)
        wrong = tuple(_unreadable(host, snapshot.generation))
    except (XsecError, OSError) as error:
        return Look(content="", wrong=(f"unreadable: {error!r}",))
    return Look(
        content=_DIGEST.sub("digest", text) if loose else text, generation=current.generation, wrong=wrong
    )


def _text(value: object) -> str:
    return "sealed" if isinstance(value, Sealed) else repr(value)


def _unreadable(host: NoonHost, generation: int) -> Iterator[str]:
    """What the document names and the store cannot give."""
    snapshot = host.store.snapshot()
    for section in (TRUST, IDENTITIES, MANUAL):
        if section.name in snapshot.sections:
            section.read(snapshot)  # reads and checks the objects it names
    for name, path in _sealed(snapshot.sections, ()):
        # a key stays sealed for where it was installed when it becomes the former one
        host.open_secret(
            Sealed(name), "certificates server key" if path[0] == "certificates" else " ".join(path)
        )
    for key, value in snapshot.values.items():
        if isinstance(value, Sealed):
            host.open_secret(value, host.schema.find(snapshot.spelling[key]).path)
    for number in host.store.numbers():
        if number <= generation:
            host.store.document(number)
    if generation not in host.store.numbers():
        yield f"generation {generation} is in force and has no document of its own"


def _sealed(tree: Tree, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(tree, dict):
        for key, below in tree.items():
            yield from _sealed(below, (*path, str(key)))
    elif isinstance(tree, str) and tree.startswith("sealed:"):
        yield tree.removeprefix("sealed:"), path


def leftovers(root: Path) -> list[str]:
    """Temporary files, and generations that were claimed and never published."""
    found = [str(path.relative_to(root)) for path in root.rglob("*") if path.name.startswith(".xsec-")]
    config = root / "var/lib/xsec/config"
    current = config / "current"
    if current.exists():
        inode = current.stat().st_ino
        above = [path.name for path in sorted(config.glob("*.yaml"), reverse=True)]
        for name in above:
            if (config / name).stat().st_ino == inode:
                break
            found.append(f"config/{name}")
    return found


def logs(root: Path) -> list[str]:
    """What is wrong with the logs: each verifies, and every generation up to the one in force is in one."""
    host = NoonHost(root=str(root), command="look")
    wrong: list[str] = []
    for name in ("configuration", "event"):
        told = Log(host.files, name).verify()
        if not told.verifies:
            wrong.append(f"log {name}: {told.problem}")
    logged = [record.fields.get("generation") for record in Log(host.files, "configuration").records()]
    current = host.store.current().generation
    made = [number for number in host.store.numbers() if number <= current]
    wrong += [f"generation {number} is not in the log" for number in made if number not in logged]
    if not logged or logged[-1] != current:
        wrong.append(f"the last one logged is not generation {current}, which is in force")
    return wrong


def rude(ran: Ran) -> list[str]:
    """What no run may ever say."""
    wrong: list[str] = []
    both = ran.out + ran.err
    if b"Traceback" in both:
        wrong.append("a traceback")
    if b"a bug in xsec" in both or ran.code in {70, 99}:
        wrong.append("reported as a bug")
    if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", both):
        wrong.append("a control character was printed")
    return wrong


def judge(before: str, after: str, now: Look, ran: Ran, fault: Fault | None) -> list[str]:
    """What is wrong with a store and an answer after one fault."""
    wrong = [*now.wrong, *rude(ran)]
    old, new = now.content == before, now.content == after
    if not now.wrong and not old and not new:
        wrong.append("the store is neither the old nor the new generation")
    if ran.code == 0 and not new:
        wrong.append("acknowledged and lost")
    if ran.code < 0 and not (fault and fault.kind == "KILL"):
        wrong.append(f"ended by signal {-ran.code}")
    if fault is not None and fault.kind != "KILL":
        wrong += _answer(before, after, now, ran, fault)
    return wrong


def _answer(before: str, after: str, now: Look, ran: Ran, fault: Fault) -> list[str]:
    wrong: list[str] = []
    if ran.code > 0 and now.content == after != before and "may be in force" not in ran.text:
        wrong.append("made and reported as not made")
    if fault.kind in {"EINTR", "SHORT", "ZERO"}:
        if ran.code != 0:
            wrong.append(f"exit {ran.code} for what is no failure")
        return wrong
    if ran.code not in {0, 6}:
        wrong.append(f"exit {ran.code}, not 6")
    if ran.code == 0 and fault.point.vital:
        wrong.append("a failure of a call that the commit rests on was reported as success")
    reason = os.strerror(getattr(errno, fault.kind)).lower()
    if ran.code == 6 and reason not in ran.text.lower():
        wrong.append(f"the message does not say {reason!r}")
    return wrong


def same(one: Path, other: Path) -> bool:
    """Whether two trees hold the same files with the same octets, modes and names."""
    return _inventory(one) == _inventory(other)


def _inventory(root: Path) -> dict[str, tuple[int, bytes]]:
    found: dict[str, tuple[int, bytes]] = {}
    for path in sorted(root.rglob("*")):
        facts = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(root))] = (facts.st_mode, data)
    return found


def inventory(root: Path, *, without: tuple[str, ...] = ()) -> dict[str, tuple[int, bytes]]:
    """Every path below the root with its mode and octets, but for those below `without`."""
    return {
        name: facts
        for name, facts in _inventory(root).items()
        if not any(f"{name}/".startswith(f"{skipped}/") for skipped in without)
    }


def setting(root: Path, words: str) -> object:
    """One value of the configuration in force."""
    host = NoonHost(root=str(root), command="look")
    return host.snapshot().value(host.schema.find(tuple(words.split())))


__all__ = ["NOTHING", "Look", "inventory", "judge", "leftovers", "logs", "look", "rude", "same", "setting"]
