"""What a new host is given: a name, the default trust list, a certificate of its own (SY-10)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from xsec.errors import XsecError
from xsec.pki import describe
from xsec.pki.server import IDENTITIES, plan_default
from xsec.pki.trust import TRUST, plan_reset
from xsec.ports import Files
from xsec.state import rootkey
from xsec.state.document import Document
from xsec.state.plan import Plan
from xsec.state.schema import Leaf
from xsec.state.settings import SYSTEM_NAME
from xsec.state.snapshot import Snapshot
from xsec.state.store import CURRENT, FOLDER, Store

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")  # RFC 1123, 2.1


class FirstStore(Store):
    """A store that may have no configuration yet: an empty generation 0 stands for it."""

    def current(self) -> Document:
        # a lone generation without `current` is what a killed setup left: the next change finishes it
        begun = self.files.info(CURRENT) is None and len(self.numbers()) < 2
        return Document(generation=0) if begun else super().current()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is there already."""

    configuration: bool
    key_ring: bool
    trust_list: bool
    certificate: bool

    @property
    def complete(self) -> bool:
        return self.configuration and self.key_ring and self.trust_list and self.certificate


def parts(store: FirstStore) -> Parts:
    """Which parts of a set-up host are there; `Damaged` when one of them does not read."""
    snapshot = store.snapshot()
    return Parts(
        configuration=store.exists(),
        key_ring=store.files.info(rootkey.PATH) is not None,
        trust_list=TRUST.name in snapshot.sections,
        certificate=snapshot[IDENTITIES].server is not None,
    )


def plan_setup(
    snapshot: Snapshot, now: datetime, *, system_name: str, host_name: str, key_id: str, serial: bytes
) -> Plan:
    """What is missing, and nothing else: a trust list that was emptied on purpose stays empty.

    `system_name` counts where the host has none; the certificate is for `host_name`.
    """
    steps: list[Plan] = []
    if not snapshot[SYSTEM_NAME] and system_name:
        name: dict[Leaf[Any], object] = {Leaf(SYSTEM_NAME, SYSTEM_NAME.words): system_name}
        steps.append(Plan(base=snapshot.generation, summary="system name", settings=name))
    if TRUST.name not in snapshot.sections:
        steps.append(plan_reset(snapshot, now))
    if snapshot[IDENTITIES].server is None:
        steps.append(plan_default(snapshot, host_name, now, key_id=key_id, serial=serial))
    return joined(snapshot, steps, "set up")


def joined(snapshot: Snapshot, steps: Sequence[Plan], summary: str) -> Plan:
    """One plan of several that touch different things."""
    whole = Plan(base=snapshot.generation, summary=summary)
    for step in steps:
        whole = replace(
            whole,
            settings={**whole.settings, **step.settings},
            sections={**whole.sections, **step.sections},
            objects={**whole.objects, **step.objects},
            secrets={**whole.secrets, **step.secrets},
            readings={**whole.readings, **step.readings},
            warnings=(*whole.warnings, *step.warnings),
        )
    return whole


def host_name(files: Files, machine: str) -> str:
    """The name of the host below the root: /etc/hostname, the machine's, or `xsec` where neither is one."""
    try:
        told = files.read(PurePosixPath("/etc/hostname"), limit=1 << 10).decode("ascii", "replace").split()
    except (FileNotFoundError, XsecError):
        told = []
    named = (name.strip(".").lower() for name in (*told[:1], machine))
    return next((name for name in named if _NAME.fullmatch(name)), "xsec")


def summary(snapshot: Snapshot, root: str) -> Iterator[tuple[str, object]]:
    """What setup made, as names and values."""
    trust, server = snapshot[TRUST], snapshot[IDENTITIES].server
    yield "store", f"{root.rstrip('/')}{FOLDER}"
    yield "system name", snapshot[SYSTEM_NAME]
    yield "trust list", f"{len(trust.entries)} CA certificates of the default bundle, for verifying servers"
    if server is not None:
        known = describe.load(server.certificate)
        yield (
            "certificate",
            f"{describe.subject(known)}, {server.source}, until {known.not_valid_after_utc:%Y-%m-%d}",
        )
