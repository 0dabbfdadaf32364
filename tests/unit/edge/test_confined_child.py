"""The confined child opens PKCS#12 files, and ends on those that would take without end (SE-6, NA-4)."""

from __future__ import annotations

import struct
import subprocess
import sys
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from tests.world import ca, issue
from xsec.edge import sandbox
from xsec.edge.process import SystemRunner
from xsec.errors import InvalidValue
from xsec.ports import Finished
from xsec.secret import Secret

AUTHORITY = ca("Sandbox Root")
HOST = issue(AUTHORITY, "host.example", server=True, sans=["host.example"])
FILE = pkcs12.serialize_key_and_certificates(
    b"host", HOST.key, HOST.certificate, [AUTHORITY.certificate], BestAvailableEncryption(b"pass")
)


def test_a_file_opens_with_its_passphrase() -> None:
    opened = sandbox.open_pkcs12(SystemRunner(), FILE, Secret(b"pass"))
    assert opened.key is not None
    assert len(opened.certificates) == 2


def test_a_wrong_passphrase_is_told() -> None:
    with pytest.raises(InvalidValue, match="passphrase is wrong"):
        sandbox.open_pkcs12(SystemRunner(), FILE, Secret(b"other"))


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x80" * 5000, bytes(1 << 16)])
def test_octets_that_are_no_file_are_told(data: bytes) -> None:
    with pytest.raises(InvalidValue):
        sandbox.open_pkcs12(SystemRunner(), data, Secret(b"pass"))


class Dying:
    """A runner whose program is ended by a signal, as the limit on CPU time ends it."""

    def run(self, *args: object, **options: object) -> Finished:
        return Finished(status=-9, stdout=b"", stderr=b"")


def test_a_child_that_dies_is_a_refusal() -> None:
    with pytest.raises(InvalidValue, match="more time or memory"):
        sandbox.open_pkcs12(Dying(), FILE, Secret(b"pass"))  # type: ignore[arg-type]  # run is all it needs


SPIN = "from xsec.edge import confined; confined.confine(); print('walls', flush=True)\n"


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param("open('/etc/passwd')", id="open a file"),
        pytest.param("import socket; socket.create_connection(('127.0.0.1', 9))", id="reach the network"),
        pytest.param("bytearray(2 << 30)", id="take two gigabytes"),
    ],
)
def test_a_confined_program_can_not(attempt: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", f"import socket\n{SPIN}{attempt}\nprint('done')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "walls\n", ran.stderr
    assert ran.returncode != 0


def test_a_confined_program_that_works_without_end_is_ended() -> None:
    script = "import resource\n" + SPIN + "resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    done = SystemRunner().run([sys.executable, "-c", script], timeout=timedelta(seconds=30))
    assert done.status in {-9, -24}


def test_the_request_holds_the_passphrase_and_not_the_command_line() -> None:
    class Recording(Dying):
        seen: tuple[object, ...] = ()
        stdin: object = b""

        def run(self, *args: object, **options: object) -> Finished:
            self.seen, self.stdin = args, options["stdin"]
            return super().run()

    runner = Recording()
    with pytest.raises(InvalidValue):
        sandbox.open_pkcs12(runner, FILE, Secret(b"hunter2"))  # type: ignore[arg-type]  # as above
    assert "hunter2" not in str(runner.seen)
    assert runner.stdin == struct.pack(">I", 7) + b"hunter2" + FILE
