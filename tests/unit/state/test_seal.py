"""Sealed values open only on their host, at their place, unaltered (DR-1, DR-3, DA-3)."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from xsec.edge.files import RootedFiles
from xsec.errors import Damaged, Refused
from xsec.secret import Secret
from xsec.state import rootkey, seal
from xsec.state.rootkey import KeyRing
from xsec.state.snapshot import Sealed


class Counting:
    """Entropy that counts: every draw differs, none is random."""

    def __init__(self, start: int = 0) -> None:
        self.drawn = start

    def bytes(self, count: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(2, "big").rjust(count, b"\x05")


@pytest.fixture
def ring() -> KeyRing:
    return rootkey.make(Counting())


def test_a_sealed_value_opens_at_its_place(ring: KeyRing) -> None:
    data = seal.seal(ring, "certificates server key", Secret(b"hunter2"), Counting(50))
    assert seal.unseal(ring, "certificates server key", data).reveal() == b"hunter2"
    assert b"hunter2" not in data


def test_a_sealed_value_that_was_moved_does_not_open(ring: KeyRing) -> None:
    data = seal.seal(ring, "SNMP Password", Secret(b"hunter2"), Counting(50))
    with pytest.raises(seal.WrongPlace, match="SNMP Password"):
        seal.unseal(ring, "Login Password", data)


def test_a_sealed_value_of_another_host_does_not_open(ring: KeyRing) -> None:
    data = seal.seal(rootkey.make(Counting(99)), "a", Secret(b"hunter2"), Counting(50))
    with pytest.raises(seal.WrongHost):
        seal.unseal(ring, "a", data)


def test_a_value_that_claims_this_host_and_place_still_needs_this_key(ring: KeyRing) -> None:
    other = replace(ring, keys={ring.current: Secret(b"k" * 32)})
    with pytest.raises(seal.Broken):
        seal.unseal(ring, "a", seal.seal(other, "a", Secret(b"hunter2"), Counting(50)))


def test_no_flipped_bit_opens_and_none_escapes_our_errors(ring: KeyRing) -> None:
    data = bytearray(seal.seal(ring, "a", Secret(b"hunter2"), Counting(50)))
    for position in range(len(data)):
        for bit in (1, 0x20, 0x80):
            data[position] ^= bit
            try:
                opened = seal.unseal(ring, "a", bytes(data)).reveal()
            except Damaged:
                opened = None
            # a flip may leave the octets what they were: hexadecimal digits have two cases
            assert opened in (None, b"hunter2")
            data[position] ^= bit


def test_a_ring_reads_back(tmp_path: PurePosixPath, ring: KeyRing) -> None:
    files = RootedFiles(str(tmp_path))
    files.make_folder(rootkey.PATH.parent)
    rootkey.save(files, ring)
    read = rootkey.load(files)
    assert read is not None
    assert (read.host, read.current) == (ring.host, ring.current)
    assert read.keys[read.current].reveal() == ring.keys[ring.current].reveal()


def test_a_ring_that_others_can_read_is_refused(tmp_path: PurePosixPath, ring: KeyRing) -> None:
    files = RootedFiles(str(tmp_path))
    files.make_folder(rootkey.PATH.parent)
    rootkey.save(files, ring)
    Path(files.on_disk(rootkey.PATH)).chmod(0o644)
    with pytest.raises(Refused, match="open to others"):
        rootkey.load(files)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"version":1,"host":"a","current":"b","keys":{"b":"AA=="}}']
)
def test_a_broken_ring_is_damage_not_a_new_key(tmp_path: PurePosixPath, data: bytes) -> None:
    files = RootedFiles(str(tmp_path))
    files.make_folder(rootkey.PATH.parent)
    files.create(rootkey.PATH, data)
    with pytest.raises(Damaged):
        rootkey.load(files)


def test_a_value_that_is_not_on_this_host_is_told_as_missing(tmp_path: PurePosixPath, ring: KeyRing) -> None:
    with pytest.raises(Damaged, match="not on this host"):
        seal.open_sealed(RootedFiles(str(tmp_path)), ring, Sealed("00" * 16), "a")


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(b"hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {secret:>10}" + str([secret])
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        _ = secret == Secret(b"hunter2")
    secret.wipe()
    assert secret.reveal() == bytes(7)
