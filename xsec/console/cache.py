"""The one-value cache that `start` answers from: derived from a snapshot, never the truth."""

from __future__ import annotations

import marshal
from pathlib import PurePosixPath

from xsec.console import dump
from xsec.console.paths import Paths, Place
from xsec.ports import FileInfo
from xsec.state.schema import Schema
from xsec.state.snapshot import Snapshot

Key = tuple[int, int, int, int]
FOLDER = PurePosixPath("/var/lib/xsec/cache")


def path(tag: str) -> PurePosixPath:
    """Where the cache of one Python version lies (`sys.implementation.cache_tag`)."""
    return FOLDER / f"values-{tag}.marshal"


def key_of(current: FileInfo) -> Key:
    """What tells one file of the configuration in force from another."""
    return current.modified_ns, current.changed_ns, current.size, current.inode


def cache(snapshot: Snapshot, schema: Schema, key: Key) -> bytes:
    """Key, whether it may be used at all, and the line to print for each exact path, by folded path.

    A line with a character outside ASCII is left out, since how it prints depends on the locale.
    """
    everything = dump.leaves(Place((), Paths(schema).root), snapshot)
    lines = {" ".join(leaf.key): f"{dump.line(leaf, snapshot)}\n" for leaf in everything}
    ascii_only = {path: line for path, line in lines.items() if line.isascii()}
    return marshal.dumps((key, is_plain(snapshot), ascii_only))


def is_plain(snapshot: Snapshot) -> bool:
    """Whether an answer needs no check of mode, banner or level: no version so far has them."""
    return "advanced" not in snapshot.sections and "banner" not in snapshot.sections
