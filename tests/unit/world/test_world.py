"""What the other tests stand on."""

from __future__ import annotations

import socket
from datetime import datetime

import pytest

from tests import world as worlds
from xsec.host import Host


def test_the_world_is_the_same_each_time(world: worlds.Pki) -> None:
    again = worlds.pki()
    assert (again.root.der, again.alice.der, again.server.key_pem) == (
        world.root.der,
        world.alice.der,
        world.server.key_pem,
    )
    assert (again.alice_revoked, again.root_crl) == (world.alice_revoked, world.root_crl)


def test_the_world_holds_together(world: worlds.Pki) -> None:
    world.issuing.certificate.verify_directly_issued_by(world.root.certificate)
    world.alice.certificate.verify_directly_issued_by(world.issuing.certificate)
    assert world.alice_revoked.get_revoked_certificate_by_serial_number(world.alice.serial) is not None
    assert world.issuing_crl.get_revoked_certificate_by_serial_number(world.alice.serial) is None


def test_a_scratch_host_has_a_generation_at_the_fixed_moment(scratch: Host, now: datetime) -> None:
    assert (scratch.snapshot().generation, scratch.now()) == (1, now)


def test_a_unit_test_cannot_use_a_socket() -> None:
    with socket.socket() as made, pytest.raises(AssertionError, match="double"):
        made.bind(("127.0.0.1", 0))


@pytest.mark.sockets
def test_a_unit_test_of_an_edge_says_that_it_uses_one() -> None:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        host, port = made.getsockname()
    assert (host, port > 0) == ("127.0.0.1", True)
