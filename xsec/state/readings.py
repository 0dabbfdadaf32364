"""Readings: what was observed, one checksummed file an area, apart from the configuration (SY-3)."""

from __future__ import annotations

import hashlib
import json
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
        raise Damaged(f"the record of {area} is damaged", where=str(path), remedy=f"rm {path}")
    return json.loads(body)


def save(files: Files, area: str, tree: Tree) -> None:
    """Record an area whole."""
    body = json.dumps(tree, ensure_ascii=True, separators=(",", ":")).encode()
    files.replace(
        FOLDER / f"{area}.json", hashlib.sha256(body).hexdigest().encode() + b"\n" + body, mode=0o600
    )
