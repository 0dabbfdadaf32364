"""A host set up in a folder of its own, with nothing configured."""

from __future__ import annotations

from pathlib import Path

from xsec import transact
from xsec.edge.files import RootedFiles
from xsec.host import Host
from xsec.state import rootkey
from xsec.state.document import Document
from xsec.state.log import NAMES, Log


def make(root: Path) -> Host:
    """A host whose / is `root`: key ring, first generation, value cache."""
    root.mkdir(mode=0o700, exist_ok=True)
    host = Host(root=str(root), command="xsec test")
    host.store.make()
    for name in NAMES:
        Log(host.files, name).begin()
    rootkey.save(RootedFiles(str(root)), rootkey.make(host.entropy))
    with host.store.locked():
        host.store.commit(Document(generation=1))
    transact.write_cache(host)
    return host
