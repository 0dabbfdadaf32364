"""What daemons were given: files as rendered, drift, and proofs of the live daemon; nothing changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xsec.daemons import settings
from xsec.daemons.base import APPLIED, Applied, Candidate, KeyFile, daemon
from xsec.daemons.enforce import folders
from xsec.daemons.enforce.apply import DRIVEN
from xsec.daemons.enforce.effective import effective, unapplied, waiting
from xsec.daemons.enforce.listener import derive
from xsec.daemons.enforce.program import Program, installation
from xsec.daemons.enforce.prove import Doors, live, run, tasks
from xsec.daemons.enforce.report import Proof
from xsec.ports import World
from xsec.state.snapshot import Snapshot
from xsec.tls.settings import SERVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A service and what its daemon was given; `state` is one word for a table."""

    service: str
    title: str
    daemon: str
    state: str
    generation: int | None
    time: datetime | None
    unapplied: tuple[str, ...]
    pending: tuple[str, ...]
    notes: tuple[str, ...] = ()


def overview(snapshot: Snapshot) -> tuple[Overview, ...]:
    """Every service of TL-1."""
    return tuple(_overview(snapshot, name, snapshot[APPLIED].get(name)) for name in SERVICES)


def _overview(snapshot: Snapshot, name: str, applied: Applied | None) -> Overview:
    service = SERVICES[name]
    held = waiting(snapshot, name, applied) if name in DRIVEN else ()
    names: tuple[str, ...] = ()
    if applied is not None:
        names = unapplied(effective(snapshot, name, applied), name, applied)
    if name not in DRIVEN:
        state = "recorded only" if service.daemons else "client side"
    elif applied is None:
        state = "not applied"
    else:
        state = "behind" if names else "restart pending" if held else "in force"
    carrier = applied.daemon if applied else snapshot[settings.HTTPS_DAEMON] if name in DRIVEN else ""
    return Overview(
        service=name,
        title=service.title,
        daemon=carrier or ", ".join(service.daemons),
        state=state,
        generation=applied.generation if applied else None,
        time=applied.time if applied else None,
        unapplied=names,
        pending=tuple(setting.path for setting in held),
        notes=applied.notes if applied else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a daemon still is and does what was applied."""

    service: str
    daemon: str
    running: bool
    drift: dict[str, str]
    proofs: tuple[Proof, ...]

    @property
    def holds(self) -> bool:
        """Nothing changed by hand, and every proof holds."""
        return self.running and not self.drift and all(proof.held for proof in self.proofs)


def verify(world: World, snapshot: Snapshot, name: str, now: datetime) -> Verification | None:
    """Look at files and live daemon of a service; None when nothing was applied to it."""
    applied = snapshot[APPLIED].get(name)
    if applied is None:
        return None
    plugin = daemon(applied.daemon)
    where = installation(world, plugin)
    listener = derive(effective(snapshot, name, applied), name, now, applied.choice).listener
    doors = Doors(dialer=world.dialer, entropy=world.entropy)
    return Verification(
        service=name,
        daemon=applied.daemon,
        running=Program(world, plugin, where).pid() is not None,
        drift=folders.drift(world.files, applied),
        proofs=run(doors, live(listener.address, listener.port), tasks(listener)),
    )


def candidate(world: World, snapshot: Snapshot, name: str, now: datetime, choice: str = "") -> Candidate:
    """The files that a service's daemon would be given, restarts included."""
    plugin = daemon(snapshot[settings.HTTPS_DAEMON])
    return plugin.render(derive(snapshot, name, now, choice).listener, installation(world, plugin))


def text(found: Candidate) -> str:
    """The files of a candidate for reading; a key is not shown."""
    parts = []
    for item in (*found.files, *found.pointers, *found.missing):
        content = item.content
        shown = "*** (private key)\n" if isinstance(content, KeyFile) else content.decode("utf-8", "replace")
        parts.append(f"==> {item.path} (mode {item.mode:04o})\n{shown}")
    return "\n".join(parts)
