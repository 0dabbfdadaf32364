"""What counts as a proof: servers that refuse for the wrong reason, or say nothing, prove nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.daemons.estate import estate
from tests.world import ca, crl, issue
from xsec.connections.settings import MODE
from xsec.daemons import settings
from xsec.daemons.base import Listener
from xsec.daemons.enforce.listener import derive
from xsec.daemons.enforce.prove import ClientProof, Doors, client_tasks, run, tasks
from xsec.daemons.enforce.report import Proof
from xsec.edge.entropy import SystemEntropy
from xsec.edge.sockets import SystemConnection, SystemDialer
from xsec.tls.handshake import Address
from xsec.tls.hello import ALERTS

ROOT = ca("Proof Root")
NOW = datetime(2026, 5, 2, tzinfo=UTC)
NUMBERS = {name: number for number, name in ALERTS.items()}
NOBODY = ClientProof(name="a client", accepted=False)
REFUSALS = (
    "certificate_required",
    "bad_certificate",
    "unsupported_certificate",
    "certificate_revoked",
    "certificate_expired",
    "certificate_unknown",
    "unknown_ca",
    "handshake_failure",
)


class Impatient(SystemDialer):
    """Waits a moment where others wait for seconds."""

    def dial(self, host: str, port: int, *, timeout: timedelta) -> SystemConnection:
        return super().dial(host, port, timeout=min(timeout, timedelta(seconds=0.3)))


DOORS = Doors(dialer=Impatient(), entropy=SystemEntropy())


def listener(*, mode: str = "Validation", https: str = "On") -> Listener:
    snapshot = estate(
        server=issue(ROOT, "proof server", server=True),
        authorities=(ROOT,),
        crls=(crl(ROOT),),
        values={MODE.folded: mode, settings.HTTPS.folded: https},
        now=NOW,
    )
    return derive(snapshot, "https", NOW).listener


@contextmanager
def answering(answer: bytes) -> Iterator[Address]:
    """A server that reads something of every client and answers always the same; empty: it never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    stream, _ = server.accept()
                except OSError:
                    return
                with stream:
                    stream.recv(4096)
                    if answer:
                        stream.sendall(answer)
                    stream.recv(4096)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield Address(host="127.0.0.1", port=server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def alerting(alert: str) -> bytes:
    """A fatal alert as a record."""
    return bytes((21, 3, 3, 0, 2, 2, NUMBERS[alert]))


def of_client(address: Address, client: ClientProof = NOBODY, mode: str = "Validation") -> tuple[Proof, ...]:
    return run(DOORS, address, client_tasks(listener(mode=mode), (client,)))


@pytest.mark.parametrize("alert", REFUSALS)
def test_a_client_is_refused_by_an_alert_about_its_certificate(alert: str) -> None:
    with answering(alerting(alert)) as address:
        proofs = of_client(address)
    assert [(proof.held, proof.found.startswith("refused: ")) for proof in proofs] == [(True, True)] * 2


@pytest.mark.parametrize("alert", sorted(set(NUMBERS) - {*REFUSALS, "close_notify"}))
def test_a_server_that_fails_for_everybody_does_not_prove_that_a_client_is_refused(alert: str) -> None:
    with answering(alerting(alert)) as address:
        proofs = of_client(address)
    assert [(proof.held, proof.found.startswith("not proven: ")) for proof in proofs] == [(False, True)] * 2


def test_an_alert_proves_no_refusal_where_no_certificate_is_demanded() -> None:
    with answering(alerting("handshake_failure")) as address:
        assert not any(proof.held for proof in of_client(address, mode="NotRequired"))


def test_a_refusal_is_none_for_a_client_that_must_be_accepted() -> None:
    with answering(alerting("certificate_revoked")) as address:
        assert not any(proof.held for proof in of_client(address, replace(NOBODY, accepted=True)))


def test_a_server_that_does_not_answer_in_time_proves_nothing() -> None:
    with answering(b"") as address:
        proofs = of_client(address)
    assert all(proof.held is False and "in time" in proof.found for proof in proofs)


def test_nobody_listens_where_the_connection_is_refused() -> None:
    address = Address(host="127.0.0.1", port=SystemDialer().free_port())
    (proof,) = run(DOORS, address, tasks(listener(https="Off")))
    assert (proof.what, proof.held) == ("no listener", True)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_port_that_takes_connections_is_a_listener_whatever_it_answers(answer: bytes) -> None:
    with answering(answer) as address:
        (proof,) = run(DOORS, address, tasks(listener(https="Off")))
    assert proof.held is False
