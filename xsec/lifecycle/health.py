"""What the doctor looks at: rules, store, sealed values, logs, recorded readings; worst first (SY-9).

Nothing here stops at the first thing that is wrong: a store that is damaged is still examined from its last
good generation, for reading only (rules.md DU-5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xsec.connections.certauth import PROOF
from xsec.daemons.base import APPLIED, DRIFT
from xsec.errors import Damaged, Refused, XsecError
from xsec.pki.server import IDENTITIES, KEY_PATH
from xsec.pki.trust import TRUST
from xsec.revocation.manual import MANUAL
from xsec.secret import Secret
from xsec.state import document, engine, machine, readings, rootkey, store
from xsec.state.log import NAMES, Log
from xsec.state.rule import Rule, Severity
from xsec.state.snapshot import Reading, Sealed, Snapshot
from xsec.state.store import Store

READINGS = (APPLIED, DRIFT, PROOF, engine.ALARMS, machine.HOST)
Opener = Callable[[Sealed, str], Secret]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong, or worth knowing, with what to type; `id` is 0 where no rule found it."""

    severity: Severity
    title: str
    object: str
    expected: str
    found: str
    remedy: str
    id: int = 0
    text: str = ""
    acknowledged: bool = False

    @property
    def counts(self) -> bool:
        """Whether it makes the doctor's answer a no."""
        return self.severity is not Severity.INFORMATION and not self.acknowledged


def examine(here: Store, rules: Sequence[Rule], now: datetime, open_secret: Opener) -> tuple[Trouble, ...]:
    """Everything that is wrong, worst first."""
    found = [*_store(here)]
    snapshot = _readable(here)
    if snapshot is not None:
        found += _rules(here, rules, snapshot, now)
        found += _sections(snapshot)
        found += _secrets(here, snapshot, open_secret)
        found += _generations(here)
        found += _logs(here, snapshot)
        found += _readings(here, snapshot)
    return tuple(sorted(found, key=lambda t: (t.severity.rank, t.acknowledged, t.id, t.object)))


def _of(error: XsecError, severity: Severity, title: str, object: str, expected: str) -> Trouble:
    return Trouble(
        severity=severity,
        title=title,
        object=object,
        expected=expected,
        found=error.what,
        remedy=error.remedy or "xsec history",
    )


# The store -----------------------------------------------------------------------------------------------


def _store(here: Store) -> Iterator[Trouble]:
    folder, pointer = here.files.on_disk(store.FOLDER), here.files.on_disk(store.CURRENT)
    try:
        if here.exists():
            here.current()
            return
        empty = here.files.names(store.CONFIG) == ()
    except Refused as error:
        yield _of(error, Severity.CRITICAL, "Store refused", folder, "a private store")
        return
    except Damaged as error:
        yield _of(error, Severity.CRITICAL, "Configuration damaged", pointer, "as it was written")
        return
    except XsecError as error:
        yield _of(error, Severity.CRITICAL, "Store not readable", folder, "a store that can be read")
        return
    yield Trouble(
        severity=Severity.NOTICE if empty else Severity.CRITICAL,
        title="Not set up" if empty else "Configuration missing",
        object=folder,
        expected="a store",
        found="none yet" if empty else "generations, and none that is in force",
        remedy="xsec setup" if empty else "xsec history",
        text="" if empty else "the pointer to the generation in force is gone",
    )


def _readable(here: Store) -> Snapshot | None:
    """The configuration in force, or the last good one when that is damaged."""
    with suppress(XsecError):
        return here.snapshot()
    with suppress(XsecError):
        good = here.last_good()
        return here.snapshot(good) if good is not None else None
    return None


# What it holds -------------------------------------------------------------------------------------------


def _rules(here: Store, rules: Sequence[Rule], snapshot: Snapshot, now: datetime) -> Iterator[Trouble]:
    known = {alarm.key for alarm in engine.recorded(snapshot).alarms if alarm.acknowledged}
    seen = machine.with_host(snapshot, machine.observe(here.files, machine.recorded(snapshot)))
    for item in engine.findings(rules, seen, now):
        yield Trouble(
            id=item.rule.id,
            severity=item.rule.severity,
            title=item.rule.title,
            object=item.finding.object,
            expected=item.finding.expected,
            found=item.finding.found,
            remedy=item.finding.remedy,
            text=item.finding.text,
            acknowledged=(item.rule.id, item.finding.object) in known,
        )


def _sections(snapshot: Snapshot) -> Iterator[Trouble]:
    for section in (TRUST, IDENTITIES, MANUAL):
        try:
            section.read(snapshot)
        except XsecError as error:
            title = "Stored object damaged"
            yield _of(
                error, Severity.CRITICAL, title, f"section {section.name}", "objects as they were stored"
            )


def _secrets(here: Store, snapshot: Snapshot, open_secret: Opener) -> Iterator[Trouble]:
    """Whether the key ring reads, and each sealed value opens in its place."""
    try:
        ring = rootkey.load(here.files)
    except XsecError as error:
        yield _of(error, Severity.CRITICAL, "Key ring damaged", "key ring", "a key ring that reads")
        return
    if ring is None:
        yield Trouble(
            severity=Severity.CRITICAL,
            title="Key ring missing",
            object=here.files.on_disk(rootkey.PATH),
            expected="the key ring of this host",
            found="none: sealed values cannot be opened",
            remedy=f"ls -l {here.files.on_disk(rootkey.PATH)}",
            text="put it back from a copy of this host; without one, install keys and passwords anew",
        )
        return
    for path, sealed in _sealed(snapshot):
        try:
            open_secret(sealed, path).wipe()
        except XsecError as error:
            yield _of(error, Severity.CRITICAL, "Secret does not open", path, "a value sealed for this place")


def _sealed(snapshot: Snapshot) -> Iterator[tuple[str, Sealed]]:
    for key, value in snapshot.values.items():
        if isinstance(value, Sealed):
            yield " ".join(snapshot.spelling.get(key, key)), value
    with suppress(XsecError):
        identity = snapshot[IDENTITIES].server
        if identity is not None:
            yield KEY_PATH, identity.key


def _generations(here: Store) -> Iterator[Trouble]:
    """Whether each earlier generation is still as it was written, so that a rollback to it can be made."""
    current = here.key()
    for number in here.numbers():
        path = store.CONFIG / f"{number:08d}.yaml"
        facts = here.files.info(path)
        if facts is None or (current is not None and facts.inode == current.inode):
            continue  # the one in force is another name of the same file
        try:
            document.verify_checksum(here.files.read(path, limit=document.LIMIT))
        except (XsecError, FileNotFoundError):
            yield Trouble(
                severity=Severity.WARNING,
                title="Earlier generation damaged",
                object=f"generation {number}",
                expected="as it was written",
                found="its checksum does not hold",
                remedy="xsec history",
                text="a rollback to it is refused; the configuration in force does not depend on it",
            )


# What was recorded ---------------------------------------------------------------------------------------


def _logs(here: Store, snapshot: Snapshot) -> Iterator[Trouble]:
    for name in NAMES:
        try:
            checked = Log(here.files, name).verify()
        except XsecError as error:
            yield _of(error, Severity.ERROR, "Log not readable", f"log {name}", "a log that can be read")
            continue
        if checked.problem is not None:
            place = checked.problem
            yield Trouble(
                severity=Severity.ERROR,
                title="Log does not verify",
                object=f"log {name}",
                expected="every record as it was written",
                found=f"{place.file} line {place.line}: {place.what}",
                remedy="xsec log verify",
                text="records were changed, lost or removed there",
            )
        elif checked.unfinished:
            yield _information("Log interrupted", f"log {name}", checked.unfinished, "xsec log verify")
    yield from _behind(here, snapshot)


def _behind(here: Store, snapshot: Snapshot) -> Iterator[Trouble]:
    with suppress(XsecError):
        logged = Log(here.files, "configuration").last_generation()
        if logged is not None and logged < snapshot.generation:
            found = f"the log ends with generation {logged}, {snapshot.generation} is in force"
            text = "the next change records it"
            yield _information("Change not logged", "log configuration", f"{found}; {text}", "xsec history")


def _readings(here: Store, snapshot: Snapshot) -> Iterator[Trouble]:
    known: dict[str, Reading[Any]] = {each.area: each for each in READINGS}
    for name in here.files.names(store.STATUS):
        area, _, kind = name.rpartition(".")
        if kind != "json":
            continue
        try:
            readings.load(here.files, area)
            if area in known:
                known[area].read(snapshot)
        except XsecError as error:
            yield Trouble(
                severity=Severity.WARNING,
                title="Record damaged",
                object=f"status {area}",
                expected="as it was written",
                found=error.what,
                remedy=readings.damaged(here.files, area).remedy,
                text="it is written anew with the next observation",
            )


def _information(title: str, object: str, found: str, remedy: str) -> Trouble:
    return Trouble(
        severity=Severity.INFORMATION, title=title, object=object, expected="", found=found, remedy=remedy
    )
