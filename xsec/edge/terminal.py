"""The person at the terminal: questions, secrets, talk on stderr."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from contextlib import suppress

from xsec.errors import InvalidValue, Unavailable
from xsec.output.escape import printable


class SystemTerminal:
    """Standard streams of the process."""

    @property
    def interactive(self) -> bool:
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()

    def confirm(self, question: str) -> bool:
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().casefold() in {"y", "yes"}

    def ask(self, question: str, default: str) -> str:
        sys.stderr.write(f"{question} [{printable(default)}]: ")
        sys.stderr.flush()
        return sys.stdin.readline().strip() or default

    def read_secret(self, prompt: str) -> bytearray:
        if not self.interactive:
            raise InvalidValue(
                "there is no terminal to ask for a secret on", remedy="use a source of file:PATH or fd:N"
            )
        return bytearray(getpass.getpass(f"{prompt}: ", stream=sys.stderr).encode())

    def say(self, text: str) -> None:
        # a closed stderr must not turn a change that was made into a failure
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{printable(text)}\n")
            sys.stderr.flush()

    def edit(self, path: str) -> None:
        """Open the operator's editor on a file and wait for it; `Unavailable` when it fails."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not editor and not self.interactive:
            raise InvalidValue("there is no terminal to edit on", remedy="xsec config load FILE")
        editor = editor or "vi"
        # the operator's own editor with the operator's own arguments, as git and visudo run it
        status = subprocess.call(["/bin/sh", "-c", f'{editor} "$1"', "sh", path])  # noqa: S603
        if status != 0:
            raise Unavailable(f"the editor {editor!r} ended with status {status}", remedy="set EDITOR")
