"""The host's own log, where it has one: syslog's socket, which journald also listens on (RFC 3164 form)."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

_SOCKET = "/dev/log"
_PRIORITY = (10 << 3) | 5  # authpriv.notice
_LIMIT = 8192


class SystemSyslog:
    """Sends lines where somebody listens; silence elsewhere, since xsec's own log is the record."""

    def send(self, line: str) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.settimeout(1)
            out.connect(_SOCKET)
            out.send(f"<{_PRIORITY}>xsec[{os.getpid()}]: {line}"[:_LIMIT].encode())


class NoSyslog:
    """For a root other than `/`: what happens there is no business of this host's log."""

    def send(self, line: str) -> None:
        return
