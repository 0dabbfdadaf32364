"""The journal of a long change: what was begun, step by step, with what undoes it (rules.md, section 4).

A step is written before it is made, so that after a kill at any moment the journal names everything that may
have happened.  One file a procedure, replaced whole; the holder of the store's lock writes it.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from xsec.errors import Damaged
from xsec.ports import Files
from xsec.state.snapshot import Tree

FOLDER = PurePosixPath("/var/lib/xsec/journal")
_LIMIT = 64 << 20  # octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that was about to be done, and the data that undoing it takes."""

    name: str
    undo: Tree = None


@dataclass(slots=True, kw_only=True)
class Journal:
    """A procedure under way."""

    files: Files
    name: str
    data: Tree
    steps: list[Step] = field(default_factory=list)

    @classmethod
    def begin(cls, files: Files, name: str, data: Tree) -> Journal:
        """Open the journal of a procedure; its file is there when this returns."""
        files.make_folder(FOLDER)
        journal = cls(files=files, name=name, data=data)
        journal._write()
        return journal

    @classmethod
    def load(cls, files: Files, name: str) -> Journal | None:
        """The journal that a killed command left, or None."""
        path = FOLDER / f"{name}.json"
        on_disk = files.on_disk(path)
        try:
            stored = files.read(path, limit=_LIMIT)
        except FileNotFoundError:
            return None
        digest, _, body = stored.partition(b"\n")
        if digest.decode("ascii", "replace") != hashlib.sha256(body).hexdigest():
            raise Damaged(
                f"the journal of {name} is damaged",
                where=on_disk,
                remedy=f"rm {shlex.quote(on_disk)}; xsec service verify",
            )
        tree = json.loads(body)
        steps = [Step(name=step["name"], undo=step["undo"]) for step in tree["steps"]]
        return cls(files=files, name=name, data=tree["data"], steps=steps)

    def step(self, name: str, undo: Tree = None) -> None:
        """Record a step that is about to be made."""
        self.steps.append(Step(name=name, undo=undo))
        self._write()

    def reached(self, name: str) -> bool:
        """Whether a step of this name was begun."""
        return any(step.name == name for step in self.steps)

    def close(self) -> None:
        """The procedure has ended, one way or the other."""
        self.files.remove(FOLDER / f"{self.name}.json")

    def _write(self) -> None:
        steps = [{"name": step.name, "undo": step.undo} for step in self.steps]
        body = json.dumps({"data": self.data, "steps": steps}, separators=(",", ":")).encode()
        stored = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
        self.files.replace(FOLDER / f"{self.name}.json", stored, mode=0o600)
