"""Connections under one deadline, and memory lent as a file."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from xsec.edge.sockets import SystemDialer
from xsec.errors import Unavailable
from xsec.ports import Connection

pytestmark = pytest.mark.sockets
DIALER = SystemDialer()


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            stream, _ = listener.accept()
            with stream:
                serve(stream)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


def to_the_end(connection: Connection) -> None:
    while connection.receive(100):
        pass


def test_what_is_sent_comes_back_and_the_end_is_empty() -> None:
    with server(lambda stream: stream.sendall(stream.recv(100))) as port:
        connection = DIALER.dial("127.0.0.1", port, timeout=timedelta(seconds=5))
        connection.send(b"hello")
        assert connection.receive(100) == b"hello"
        assert connection.receive(100) == b""
        connection.close()


def test_a_peer_that_drips_cannot_stretch_the_deadline() -> None:
    def drip(stream: socket.socket) -> None:
        try:
            for _ in range(100):
                stream.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            return

    with server(drip) as port:
        start = time.monotonic()
        connection = DIALER.dial("127.0.0.1", port, timeout=timedelta(seconds=0.4))
        with pytest.raises(Unavailable, match="in time"):
            to_the_end(connection)
        connection.close()
        assert time.monotonic() - start < 2


def test_nobody_there_is_unavailable_with_address_and_reason() -> None:
    port = DIALER.free_port()
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}: connection refused"):
        DIALER.dial("127.0.0.1", port, timeout=timedelta(seconds=1))


def test_lent_memory_is_read_under_its_name_and_is_on_no_disk() -> None:
    with DIALER.lend(b"secret") as path:
        assert Path(path).read_bytes() == b"secret"
        assert "memfd" in str(Path(path).readlink())
    assert not Path(path).exists()


def test_a_free_port_can_be_listened_on_and_is_none_that_outgoing_connections_take() -> None:
    ports = {DIALER.free_port() for _ in range(20)}
    assert len(ports) > 15
    for port in ports:
        assert port < 32_768
        socket.create_server(("127.0.0.1", port)).close()
