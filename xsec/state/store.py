"""Generations of the configuration over `Files`: load, commit, history (rules.md DU-1 to DU-7).

| path below /var/lib/xsec | what |
| --- | --- |
| `lock` | held by every change |
| `config/current` | the generation in force: one more name of the newest document |
| `config/00000012.yaml` | each generation by its number |
| `objects/<sha256>` | certificates and CRLs by digest |
| `secrets/<id>` | sealed values |
| `status/<area>.json` | readings |
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath

from xsec.errors import Damaged, InvalidValue, Negative, Refused, Unavailable, XsecError
from xsec.ports import FileInfo, Files
from xsec.state import document, readings
from xsec.state.document import Document
from xsec.state.schema import Schema
from xsec.state.snapshot import Snapshot

FOLDER = PurePosixPath("/var/lib/xsec")
CONFIG = FOLDER / "config"
CURRENT = CONFIG / "current"
OBJECTS = FOLDER / "objects"
SECRETS = FOLDER / "secrets"
STATUS = FOLDER / "status"
LOGS = FOLDER / "log"
CACHE = FOLDER / "cache"
JOURNAL = FOLDER / "journal"
LOCK = FOLDER / "lock"
RESERVE = FOLDER / "reserve"
_RESERVED = tuple(RESERVE / str(number) for number in range(8))  # files, since inodes run out, too
_RESERVED_OCTETS = 32 << 10  # each; together room to delete and to roll back on a full disk (DU-6)
_GENERATION = re.compile(r"(\d{8})\.yaml")
_PATIENCE = timedelta(seconds=60)
FOLDERS = (FOLDER, CONFIG, OBJECTS, SECRETS, STATUS, LOGS, CACHE, JOURNAL, RESERVE)


@dataclass(frozen=True, slots=True)
class Store:
    """The configuration of one host."""

    files: Files
    schema: Schema

    def exists(self) -> bool:
        """Whether a configuration is here, or was."""
        return self._trusted() and (self.files.info(CURRENT) is not None or bool(self.numbers()))

    def _trusted(self) -> bool:
        """Whether the folder is there; `Refused` when another user could have written to it (SE-1)."""
        facts = self.files.info(FOLDER)
        if facts is None:
            return False
        _check_private(FOLDER, facts, self.files.uid)
        return True

    def make(self) -> None:
        """Make the folders and the reserve where missing."""
        for folder in FOLDERS:
            self.files.make_folder(folder, mode=0o700)
        self.refill()

    # Reading -----------------------------------------------------------------------------------------

    def need(self) -> None:
        """`Refused` unless setup has made a store here."""
        if not self.exists():
            raise _not_set_up()

    def current(self) -> Document:
        """The generation in force; `Damaged` when it was changed by hand or does not verify."""
        self.need()
        return self._read(CURRENT)

    def _read(self, path: PurePosixPath) -> Document:
        try:
            data = self._octets(path)
            document.verify_checksum(data)
        except Damaged as error:
            good = self.last_good()
            there = self.files.info(path) is not None
            ways = [f"take it over: xsec config load {self.files.on_disk(path)}"] if there else []
            ways += [f"go back: xsec rollback {good.generation}"] if good else []
            raise Damaged(
                error.what,
                where=str(path),
                remedy="; ".join(ways),
            ) from None
        try:
            return document.parse(data, self.schema)
        except InvalidValue as error:
            raise Damaged(
                f"a stored configuration does not read: {error.what}",
                where=error.where or str(path),
                remedy="xsec history lists those that do",
            ) from None

    def _octets(self, path: PurePosixPath) -> bytes:
        try:
            return self.files.read(path, limit=document.LIMIT)
        except FileNotFoundError:
            if path != CURRENT:
                raise
            raise Damaged("the configuration in force is gone") from None

    def numbers(self) -> tuple[int, ...]:
        """The numbers of all generations, oldest first."""
        found = (_GENERATION.fullmatch(name) for name in self.files.names(CONFIG))
        return tuple(int(match[1]) for match in found if match)

    def document(self, number: int) -> Document:
        """One generation; `Negative` when there is none of this number."""
        self.need()
        try:
            return self._read(_path(number))
        except FileNotFoundError:
            numbers = self.numbers()
            raise Negative(
                f"there is no generation {number}",
                allowed=f"{numbers[0]} to {numbers[-1]}" if numbers else "",
                remedy="xsec history",
            ) from None

    def last_good(self) -> Document | None:
        """The newest generation that verifies, for reading only (DU-5)."""
        for number in reversed(self.numbers()):
            with suppress(XsecError):
                data = self.files.read(_path(number), limit=document.LIMIT)
                document.verify_checksum(data)
                return document.parse(data, self.schema)
        return None

    def snapshot(self, of: Document | None = None) -> Snapshot:
        """The configuration in force (or `of`) and the readings, as decisions look at them."""
        chosen = of or self.current()
        return Snapshot(
            generation=chosen.generation,
            made=chosen.origin.time if chosen.origin else None,
            values=chosen.values,
            spelling=chosen.spelling,
            sections=chosen.sections,
            objects=self.object,
            readings=lambda area: readings.load(self.files, area),
        )

    def object(self, digest: str) -> memoryview:
        """The octets of an object; `Damaged` when it is missing or is not what its name says."""
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise Damaged(f"{digest!r} is not the name of an object")
        try:
            data = self.files.map(OBJECTS / digest)
        except FileNotFoundError:
            raise Damaged(f"object {digest} is missing from the store", remedy="xsec doctor") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise Damaged(f"object {digest} is not what its name says", remedy="xsec doctor")
        return data

    def key(self) -> FileInfo | None:
        """What the file of the generation in force is; caches are checked against it."""
        return self.files.info(CURRENT)

    # Writing, under the lock -------------------------------------------------------------------------

    @contextmanager
    def locked(self, patience: timedelta = _PATIENCE) -> Iterator[None]:
        """Hold the lock; what a killed command left is cleared first (DU-3)."""
        if not self._trusted():
            raise _not_set_up()
        for folder in FOLDERS[1:]:
            below = self.files.info(folder)
            if below is not None:
                _check_private(folder, below, self.files.uid)
        with self.files.lock(LOCK, patience=patience):
            self._recover()
            yield

    def _recover(self) -> None:
        for folder in FOLDERS:
            self.files.sweep(folder)
        # A killed command may have renamed and not fsynced: what is found is made durable before it is
        # built upon, or "nothing to do" could acknowledge what a power cut then takes back (DU-3).
        if self.files.info(CONFIG) is not None:
            self.files.settle(CONFIG)
        facts = self.files.info(CURRENT)
        numbers = self.numbers()
        if facts is None:
            if numbers == (1,):  # the first commit was killed before it was published: it is whole
                self.files.replace(CURRENT, self.files.read(_path(1), limit=document.LIMIT), mode=0o600)
            return
        # A generation above `current` was claimed and never published: nobody was told of it.  Where none
        # is `current`, that was replaced by hand: then nothing says which was in force, and all stay.
        inodes = {number: self.files.info(_path(number)) for number in numbers}
        mine = [number for number, info in inodes.items() if info is not None and info.inode == facts.inode]
        for number in numbers:
            if mine and number > mine[-1]:
                self.files.remove(_path(number))

    def next_number(self, after: int) -> int:
        """The number of the next generation: above `after` and above every document that is there."""
        return max((after, *self.numbers())) + 1

    def put_object(self, digest: str, data: bytes) -> None:
        """Keep an object; one that is there already is left alone."""
        try:
            self.files.create(OBJECTS / digest, data, mode=0o600)
        except FileExistsError:
            self.files.settle(OBJECTS)  # its maker may have been killed before the name was durable

    def commit(self, new: Document) -> None:
        """Make `new` the generation in force, or change nothing (DU-1)."""
        data = document.serialize(new, self.schema)
        if len(data) > document.LIMIT:
            raise Refused(f"the configuration would have {len(data)} octets", allowed=f"{document.LIMIT}")
        self.files.publish(data, claim=_path(new.generation), pointer=CURRENT, mode=0o600)

    @contextmanager
    def spending_reserve(self) -> Iterator[None]:
        """Free the reserved space for a change that a full disk must allow, then set it aside again."""
        for path in _RESERVED:
            self.files.remove(path)
        try:
            yield
        finally:
            self.refill()

    def refill(self) -> None:
        """Set aside what is missing of the reserved space; a disk that is full now is no reason to fail."""
        held = set(self.files.names(RESERVE))
        with suppress(Unavailable, FileExistsError, FileNotFoundError):
            for path in _RESERVED:
                if path.name not in held:
                    self.files.create(path, bytes(_RESERVED_OCTETS), mode=0o600)


def _not_set_up() -> Refused:
    return Refused("xsec is not set up on this host", where=str(FOLDER), remedy="xsec setup")


def _check_private(folder: PurePosixPath, facts: FileInfo, uid: int) -> None:
    """`Refused` for a folder that another user could have written to (SE-1), as sshd's StrictModes does."""
    if not facts.is_folder:
        raise Refused(f"{folder} is not a folder but a link or a file", where=str(folder))
    if facts.owner.uid not in {0, uid}:
        raise Refused(
            f"{folder} belongs to user {facts.owner.uid}, who could have changed it",
            where=str(folder),
            remedy=f"ls -lR {folder}; when nothing in it is foreign: chown -R root: {folder}",
        )
    if facts.mode & 0o022:
        raise Refused(
            f"{folder} can be written to by others (mode {facts.mode:04o})",
            where=str(folder),
            remedy=f"ls -l {folder}; when nothing in it is foreign: chmod 700 {folder}",
        )


def _path(number: int) -> PurePosixPath:
    return CONFIG / f"{number:08d}.yaml"


def digest_of(data: bytes | memoryview) -> str:
    """The name of an object: SHA-256 of its octets in lower-case hex."""
    return hashlib.sha256(data).hexdigest()
