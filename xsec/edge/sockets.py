"""Outgoing TCP connections, each under one deadline for everything on it (rules.md, section 6)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from xsec.errors import Unavailable

_LOW, _HIGH = 20_000, 32_768  # below the ports that Linux gives to outgoing connections, which could take one
_TRIES = 50


class SystemConnection:
    """A stream with a deadline: a slow peer cannot make the sum of its pauses longer."""

    def __init__(self, stream: socket.socket, peer: str, end: float) -> None:
        self._stream = stream
        self._peer = peer
        self._end = end

    def _hurry(self) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise Unavailable(f"{self._peer} did not answer in time")
        self._stream.settimeout(left)

    def send(self, data: bytes) -> None:
        try:
            self._hurry()
            self._stream.sendall(data)
        except TimeoutError:
            raise Unavailable(f"{self._peer} did not take our octets in time") from None
        except OSError as error:
            raise _ours(self._peer, error) from None

    def receive(self, limit: int) -> bytes:
        try:
            self._hurry()
            return self._stream.recv(limit)
        except TimeoutError:
            raise Unavailable(f"{self._peer} did not answer in time") from None
        except ConnectionResetError:
            return b""  # closed without ceremony
        except OSError as error:
            raise _ours(self._peer, error) from None

    def close(self) -> None:
        self._stream.close()


def _ours(peer: str, error: OSError) -> Unavailable:
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return Unavailable(f"{peer}: {reason}")


def _bound(port: int) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        found: int = probe.getsockname()[1]
        return found


class SystemDialer:
    """Connections of this machine."""

    def dial(self, host: str, port: int, *, timeout: timedelta) -> SystemConnection:
        peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        end = time.monotonic() + timeout.total_seconds()
        try:
            stream = socket.create_connection((host, port), timeout=timeout.total_seconds())
        except TimeoutError:
            raise Unavailable(f"{peer} did not answer in time") from None
        except OSError as error:
            raise _ours(peer, error) from error  # whether nobody listens there is told by its type
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return SystemConnection(stream, peer, end)

    def free_port(self) -> int:
        for _ in range(_TRIES):
            port = _LOW + int.from_bytes(os.urandom(2), "big") % (_HIGH - _LOW)
            try:
                return _bound(port)
            except OSError:
                continue
        return _bound(0)

    @contextmanager
    def lend(self, data: bytes) -> Iterator[str]:
        fd = os.memfd_create("xsec", os.MFD_CLOEXEC)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            yield f"/proc/self/fd/{fd}"
        finally:
            os.ftruncate(fd, 0)
            os.close(fd)
