"""The files of a candidate on disk: what would change, what was changed by hand, writing and restoring."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import PurePosixPath

from xsec.daemons.base import Applied, Candidate, Daemon, KeyFile, Rendered
from xsec.daemons.enforce.report import FileChange
from xsec.output.escape import printable_lines
from xsec.pki import pem
from xsec.ports import Files, Owner, World
from xsec.secret import Secret
from xsec.state.snapshot import Sealed, Tree

OpenSecret = Callable[[Sealed, str], Secret]


def read(files: Files, path: PurePosixPath) -> bytes | None:
    """The octets of a file, None when there is none."""
    try:
        return files.read(path)
    except FileNotFoundError:
        return None


# What would change -----------------------------------------------------------------------------------------


def changes(world: World, candidate: Candidate, applied: Applied | None) -> tuple[FileChange, ...]:
    """Each file that a switch to the candidate makes or replaces; keys without their content."""
    former = candidate.folder.parent / applied.digest if applied else None
    found = [
        _change(world.files, item, former / item.path.name if former else None)
        for item in candidate.files
        if not _same(world.files, item)
    ]
    found += [
        _change(world.files, item, item.path) for item in candidate.pointers if not _same(world.files, item)
    ]
    found += [
        _change(world.files, item, None) for item in candidate.missing if world.files.info(item.path) is None
    ]
    return tuple(found)


def _same(files: Files, item: Rendered) -> bool:
    """Whether the file is there as rendered; for a key its folder's name tells."""
    if isinstance(item.content, KeyFile):
        return files.info(item.path) is not None
    return read(files, item.path) == item.content


def _change(files: Files, item: Rendered, against: PurePosixPath | None) -> FileChange:
    action = "create" if files.info(item.path) is None else "replace"
    if isinstance(item.content, KeyFile):
        return FileChange(path=str(item.path), action=action)
    old = (read(files, against) if against else None) or b""
    lines = difflib.unified_diff(
        old.decode("utf-8", "replace").splitlines(),
        item.content.decode("utf-8", "replace").splitlines(),
        fromfile=str(against or item.path),
        tofile=str(item.path),
        lineterm="",
        n=1,
    )
    return FileChange(path=str(item.path), action=action, diff=printable_lines("\n".join(lines)))


def drift(files: Files, applied: Applied | None) -> dict[str, str]:
    """Files that are not as they were applied: path to `changed` or `missing` (TL-7)."""
    found: dict[str, str] = {}
    for path, digest in (applied.files if applied else {}).items():
        content = read(files, PurePosixPath(path))
        if content is None:
            found[path] = "missing"
        elif sha256(content).hexdigest() != digest:
            found[path] = "changed"
    return found


def foreign(files: Files, plugin: Daemon, candidate: Candidate, applied: Applied | None) -> tuple[str, ...]:
    """Files at the candidate's places that xsec did not make (TL-7)."""
    known = applied.files if applied else {}
    found = []
    for item in candidate.pointers:
        content = read(files, item.path)
        if content is not None and str(item.path) not in known and not plugin.owns(content):
            found.append(str(item.path))
    return tuple(found)


# Writing ---------------------------------------------------------------------------------------------------


def write(world: World, items: Iterable[Rendered], open_secret: OpenSecret | None = None) -> None:
    """Write files that are not there as rendered; a key is opened here, for as long as it takes."""
    for item in items:
        if isinstance(item.content, KeyFile):
            _write_key(world, item, item.content, open_secret)
        elif read(world.files, item.path) != item.content:
            world.files.make_folder(item.path.parent, mode=_folder_mode(item.path))
            world.files.replace(item.path, item.content, mode=item.mode, owner=item.owner)


def _folder_mode(path: PurePosixPath) -> int:
    return 0o700 if "xsec" in path.parts else 0o755


def _write_key(world: World, item: Rendered, key: KeyFile, open_secret: OpenSecret | None) -> None:
    if open_secret is None:
        raise ValueError("a key is written with a way to open it")
    secret = open_secret(key.sealed, key.path)
    try:
        content = pem.write("PRIVATE KEY", secret.reveal())
    finally:
        secret.wipe()
    if read(world.files, item.path) != content:
        world.files.make_folder(item.path.parent)
        world.files.replace(item.path, content, mode=item.mode, owner=item.owner)


def digests(files: Files, items: Iterable[Rendered]) -> dict[str, str]:
    """SHA-256 of each file as it is on disk."""
    return {str(item.path): sha256(read(files, item.path) or b"").hexdigest() for item in items}


# Undoing ---------------------------------------------------------------------------------------------------


def remember(files: Files, items: Iterable[Rendered]) -> list[Tree]:
    """What is at the places now, as a tree from which `restore` puts it back byte for byte."""
    found: list[Tree] = []
    for item in items:
        facts, content = files.info(item.path), read(files, item.path)
        tree: dict[str, Tree] = {"path": str(item.path), "data": None}
        if facts is not None and content is not None:
            tree["data"] = base64.b64encode(content).decode()
            tree["mode"], tree["uid"], tree["gid"] = facts.mode, facts.owner.uid, facts.owner.gid
        found.append(tree)
    return found


def restore(files: Files, remembered: Iterable[Tree]) -> None:
    """Put files back as they were remembered; one that was not there goes."""
    for tree in remembered:
        path = PurePosixPath(tree["path"])
        files.sweep(path.parent)
        if tree["data"] is None:
            files.remove(path)
            continue
        content = base64.b64decode(tree["data"])
        if read(files, path) != content:
            owner = Owner(uid=tree["uid"], gid=tree["gid"])
            files.replace(path, content, mode=tree["mode"], owner=owner)


def tidy(files: Files, folder: PurePosixPath, keep: Iterable[str]) -> None:
    """Remove folders of renderings but those to keep: the one in force and the one before it."""
    kept = frozenset(keep)
    for name in files.names(folder):
        if name not in kept and len(name) == 16 and set(name) <= set("0123456789abcdef"):
            files.remove_tree(folder / name)
