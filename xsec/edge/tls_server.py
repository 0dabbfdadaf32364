"""A small TLS server for hosts without nginx: a master that holds the ports, and a worker a configuration.

    python -I -m xsec.edge.tls_server MAIN PID_FILE     run; SIGHUP reloads, SIGTERM stops
    python -I -m xsec.edge.tls_server --check MAIN      say on stderr what is wrong, exit 1

MAIN is JSON with `servers`, or with `include` naming a file that has them.  A reload starts a new worker on
the same sockets; the old one goes when the new one is ready, so that no connection finds nobody.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_PATIENCE = 5.0  # seconds for everything on one connection
_READY = 15.0  # seconds a new worker may take
_REQUEST = 16384  # octets of a request that are read at most
_BACKLOG = 512
_HSTS = "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"

Endpoint = tuple[str, int]


def servers(main: str) -> list[dict[str, Any]]:
    """The servers of a configuration file."""
    with open(main, "rb") as file:
        tree = json.loads(file.read(1 << 20))
    return servers(tree["include"]) if "include" in tree else list(tree["servers"])


def endpoint(server: Mapping[str, Any]) -> Endpoint:
    """Address and port of a server; `*` is every IPv4 address."""
    return ("0.0.0.0" if server["address"] == "*" else server["address"], server["port"])  # noqa: S104  # as configured


def context(server: Mapping[str, Any]) -> ssl.SSLContext:
    """The policy of a server as OpenSSL takes it; TLS 1.3 suites come from OPENSSL_CONF of the process."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion(server["minimum_version"])
    made.set_ciphers(server["ciphers"])
    made.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_TICKET
    made.num_tickets = 0
    made.load_dh_params(server["group"])
    made.load_cert_chain(server["certificate"], server["key"])
    if server.get("clients"):
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(server["clients"])
        if server.get("crl"):
            made.load_verify_locations(server["crl"])
            made.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
    return made


# The worker ------------------------------------------------------------------------------------------------


class Worker:
    """Serves the sockets it was given until it is told to stop; what it accepted it finishes."""

    def __init__(self, main: str, sockets: Mapping[Endpoint, int]) -> None:
        self._stop, self._stopping = os.pipe()
        self._served: dict[int, tuple[socket.socket, ssl.SSLContext, bool]] = {}
        for server in servers(main):
            fd = sockets[endpoint(server)]
            listener = socket.socket(fileno=fd)
            listener.setblocking(False)
            self._served[fd] = (listener, context(server), bool(server.get("strict_transport")))

    def stop(self, *_: object) -> None:
        os.write(self._stopping, b"x")

    def run(self) -> None:
        threads: list[threading.Thread] = []
        while True:
            ready, _, _ = select.select([self._stop, *self._served], [], [])
            if self._stop in ready:
                break
            threads = [thread for thread in threads if thread.is_alive()]
            for fd in ready:
                listener, policy, hsts = self._served[fd]
                try:
                    stream, _ = listener.accept()
                except OSError:  # the other worker was quicker, or the peer has gone
                    continue
                thread = threading.Thread(target=_answer, args=(stream, policy, hsts), daemon=True)
                thread.start()
                threads.append(thread)
        end = time.monotonic() + _PATIENCE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))


def _answer(stream: socket.socket, policy: ssl.SSLContext, hsts: bool) -> None:
    stream.settimeout(_PATIENCE)
    try:
        with policy.wrap_socket(stream, server_side=True, do_handshake_on_connect=False) as tls:
            try:
                tls.do_handshake()
                _serve(tls, hsts)
            finally:
                _linger(tls)
    except OSError:  # a peer that was refused or has gone; TLS errors are of this class
        return
    finally:
        stream.close()


def _serve(tls: ssl.SSLSocket, hsts: bool) -> None:
    request = b""
    while b"\r\n\r\n" not in request and len(request) < _REQUEST:
        more = tls.recv(4096)
        if not more:
            return
        request += more
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n{_HSTS if hsts else ''}"
    tls.sendall(f"{head}Connection: close\r\n\r\nxsec\n".encode())


def _linger(tls: ssl.SSLSocket) -> None:
    """Close our side and wait for the peer's.

    Closing with its octets unread would reset the connection, and an alert on its way would be lost.
    """
    end = time.monotonic() + _PATIENCE
    with suppress(OSError):
        tls.shutdown(socket.SHUT_WR)
        while time.monotonic() < end and tls.recv(4096):
            pass


def work(main: str, ready: int, given: str) -> int:
    """Run a worker on inherited sockets; `given` is JSON: [[address, port, descriptor], ...]."""
    worker = Worker(main, {(address, port): fd for address, port, fd in json.loads(given)})
    signal.signal(signal.SIGTERM, worker.stop)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.write(ready, b"1")
    os.close(ready)
    worker.run()
    return 0


# The master ------------------------------------------------------------------------------------------------


class Master:
    """Holds the listening sockets and replaces the worker."""

    def __init__(self, main: str) -> None:
        self._main = main
        self._sockets: dict[Endpoint, socket.socket] = {}
        self._worker: subprocess.Popen[bytes] | None = None
        self._old: list[subprocess.Popen[bytes]] = []

    def load(self) -> bool:
        """Put the configuration on disk in force; False leaves what there was."""
        try:
            found = servers(self._main)
            wanted = {endpoint(server) for server in found}
            opened = {place: _listen(place) for place in wanted if place not in self._sockets}
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.stderr.write(f"{error}\n")
            return False
        sockets = {**self._sockets, **opened}
        worker = self._spawn(found, {place: sockets[place] for place in wanted})
        if worker is None:
            for listener in opened.values():
                listener.close()
            return False
        self._retire()
        self._worker = worker
        for place in set(sockets) - wanted:
            sockets.pop(place).close()
        self._sockets = sockets
        return True

    def _spawn(
        self, found: list[dict[str, Any]], sockets: Mapping[Endpoint, socket.socket]
    ) -> subprocess.Popen[bytes] | None:
        ready, told = os.pipe()
        given = json.dumps([[*place, listener.fileno()] for place, listener in sockets.items()])
        conf = next((server["openssl"] for server in found), "")
        try:
            worker = subprocess.Popen(  # noqa: S603  # ourselves, by an argument list
                [sys.executable, "-I", "-m", "xsec.edge.tls_server", "--work", self._main, str(told), given],
                pass_fds=[told, *(listener.fileno() for listener in sockets.values())],
                env={**os.environ, "OPENSSL_CONF": conf},
            )
        finally:
            os.close(told)
        try:
            if select.select([ready], [], [], _READY)[0] and os.read(ready, 1) == b"1":
                return worker
        finally:
            os.close(ready)
        worker.kill()
        worker.wait()
        return None

    def _retire(self) -> None:
        if self._worker is not None:
            self._worker.terminate()
            self._old.append(self._worker)
            self._worker = None

    def reap(self) -> bool:
        """Collect workers that ended; False when the one in force is among them."""
        self._old = [worker for worker in self._old if worker.poll() is None]
        return self._worker is None or self._worker.poll() is None

    def stop(self) -> None:
        self._retire()
        for worker in self._old:
            worker.wait()


def _listen(place: Endpoint) -> socket.socket:
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def serve(main: str, pid_file: str) -> int:
    """Run the master until SIGTERM."""
    signals = {signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGINT, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    master = Master(main)
    if not master.load():
        return 1
    temporary = f"{pid_file}.new"
    with open(temporary, "w", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    os.replace(temporary, pid_file)
    while True:
        match signal.sigwait(signals):
            case signal.SIGHUP:
                master.load()
            case signal.SIGCHLD:
                if not master.reap() and not master.load():
                    break
            case _:
                break
    master.stop()
    os.unlink(pid_file)
    return 0


def main(argv: list[str]) -> int:
    """The program."""
    match argv:
        case ["--check", configuration]:
            try:
                for server in servers(configuration):
                    context(server)
            except (OSError, ValueError, KeyError, TypeError) as error:
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                return 1
            return 0
        case ["--work", configuration, ready, given]:
            return work(configuration, int(ready), given)
        case [configuration, pid_file]:
            return serve(configuration, pid_file)
        case _:
            sys.stderr.write("usage: tls_server MAIN PID_FILE | --check MAIN\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
