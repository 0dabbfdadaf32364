"""Readings: what was observed, one checksummed file an area, apart from the configuration (SY-3)."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import PurePosixPath

from xsec.errors import Damaged
from xsec.ports import Files
from xsec.state.snapshot import Tree

FOLDER = PurePosixPath("/var/lib/xsec/status")
_LIMIT = 64 << 20


def load(files: Files, area: str) -> Tree:
    """The tree of an area, None when nothing was recorded; `Damaged` when its checksum does not hold."""
    path = FOLDER / f"{area}.json"
    try:
        data = files.read(path, limit=_LIMIT)
    except FileNotFoundError:
        return None
    digest, _, body = data.partition(b"\n")
    if digest.decode("ascii", "replace") != hashlib.sha256(body).hexdigest():
        raise damaged(files, area)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise damaged(files, area) from None


def damaged(files: Files, area: str) -> Damaged:
    """What is said of a record that is not as it was written, or of another shape than this xsec writes."""
    path = files.on_disk(FOLDER / f"{area}.json")
    return Damaged(f"the record of {area} is damaged", where=path, remedy=f"rm {shlex.quote(path)}")


def save(files: Files, area: str, tree: Tree) -> None:
    """Record an area whole."""
    body = json.dumps(tree, ensure_ascii=True, separators=(",", ":")).encode()
    files.replace(
        FOLDER / f"{area}.json", hashlib.sha256(body).hexdigest().encode() + b"\n" + body, mode=0o600
    )
