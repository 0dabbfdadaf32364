"""Clients that connect all the time, and count what they get."""

from __future__ import annotations

import threading
from collections import Counter
from types import TracebackType

from xsec.edge.sockets import SystemDialer
from xsec.errors import Unavailable
from xsec.tls.handshake import Address, shake
from xsec.tls.versions import Version


class Hammer:
    """Runs `clients` threads of handshakes at one version, each followed by `GET /`, until the block ends."""

    def __init__(self, address: Address, version: Version = Version.TLS1_3, *, clients: int = 2) -> None:
        self._address = address
        self._version = version
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        self.served = 0
        self.failures: Counter[str] = Counter()

    def __enter__(self) -> Hammer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        dialer = SystemDialer()
        while not self._stop.is_set():
            try:
                served = shake(dialer, self._address, self._version)
                wrong = "" if served.status == 200 else served.refused or f"HTTP {served.status}"
            except Unavailable as error:
                wrong = error.what
            with self._lock:
                if wrong:
                    self.failures[wrong] += 1
                else:
                    self.served += 1
