"""R15: clients hammer nginx while good and broken configurations are applied; no handshake fails (AP-4).

A sample runs always; XSEC_FAULTS=full runs ten of each kind, with kills in the middle.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.daemons.cuts import CutFiles, CutRunner, Knife
from tests.daemons.hammer import Hammer
from tests.daemons.scene import Scene
from tests.doubles.files import PowerLoss
from xsec.daemons import settings
from xsec.daemons.base import daemon
from xsec.daemons.enforce import folders, inspect
from xsec.daemons.enforce.program import Program, installation
from xsec.daemons.enforce.prove import ClientProof
from xsec.edge.process import SystemRunner
from xsec.errors import Refused, RolledBack
from xsec.lab.pki import seeded_key
from xsec.tls.settings import HTTPS, STANDARD
from xsec.tls.versions import Version

FULL = os.environ.get("XSEC_FAULTS") == "full"
ROUNDS = 10 if FULL else 2
RSA_ONLY = ("ECDHE-RSA-AES256-GCM-SHA384", "kRSA+AESGCM", "DHE-RSA-AES128-GCM-SHA256")
GOOD = ("ECDHE+AESGCM", STANDARD, "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE+CHACHA20")

pytestmark = pytest.mark.needs("nginx")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, "nginx")
    made.apply()
    yield made
    made.world.cut, made.world.runner = None, SystemRunner()
    made.stop()


def good(scene: Scene, number: int) -> None:
    scene.set({HTTPS.ciphers: GOOD[number % len(GOOD)], settings.HSTS: "On" if number % 2 else "Off"})
    if number % 3 == 2:
        scene.server = scene.ca.issue(f"server {number}", server=True, key=seeded_key(f"hammer {number}"))
    scene.apply()


def passes_the_check_and_serves_nobody(scene: Scene, number: int) -> None:
    scene.set({HTTPS.ciphers: RSA_ONLY[number % len(RSA_ONLY)]})
    with pytest.raises(Refused):
        scene.apply()


def fails_the_check(scene: Scene, number: int) -> None:
    key = scene.server
    scene.server = scene.ca.issue("another", server=True, key=seeded_key("another"))
    scene.sealed = key  # the certificate of one key, and another key
    with pytest.raises(Refused, match="nginx does not take"):
        scene.apply()
    scene.server, scene.sealed = key, None


def fails_its_live_proof(scene: Scene, number: int) -> None:
    scene.set({HTTPS.ciphers: GOOD[(number + 1) % len(GOOD)], settings.HSTS: "On" if number % 2 else "Off"})
    with pytest.raises(RolledBack):
        scene.apply(proofs=(ClientProof(name="nobody", accepted=False, rehearsed=False),))


def is_killed(scene: Scene, number: int) -> None:
    scene.set({HTTPS.ciphers: GOOD[(number + 2) % len(GOOD)]})
    knife = Knife(5 + 3 * number, after=bool(number % 2))
    scene.world.cut, scene.world.runner = CutFiles(scene.root, knife), CutRunner(knife)
    with pytest.raises(PowerLoss):
        scene.apply()
    scene.world.cut, scene.world.runner = None, SystemRunner()
    scene.recover()


KINDS = (good, passes_the_check_and_serves_nobody, fails_the_check, fails_its_live_proof, is_killed)


def test_no_handshake_fails_while_good_and_broken_configurations_are_applied(
    scene: Scene, record_property: Callable[[str, object], None]
) -> None:
    with Hammer(scene.address, Version.TLS1_2, clients=4 if FULL else 2) as hammer:
        for number in range(ROUNDS):
            for kind in KINDS:
                kind(scene, number)
                good(scene, number)
    record_property("handshakes", hammer.served)
    assert hammer.failures == {}
    assert hammer.served > 20 * ROUNDS


def test_a_reload_that_the_daemon_refuses_disturbs_nobody(scene: Scene) -> None:
    with Scene.occupied() as port, Hammer(scene.address, Version.TLS1_2) as hammer:
        scene.set({settings.HTTPS_PORT: port})
        with pytest.raises(RolledBack):
            scene.apply()
    assert hammer.failures == {}


def test_the_hammer_sees_a_reload_without_rehearsal_fail(scene: Scene) -> None:
    """The detector detects: check and reload, as is usual, with a policy that no client can use."""
    scene.set({HTTPS.ciphers: RSA_ONLY[0]})
    found = inspect.candidate(scene.world, scene.snapshot(), "https", scene.now)
    plugin = daemon("nginx")
    live = Program(scene.world, plugin, installation(scene.world, plugin))
    site = PurePosixPath("/etc/nginx/conf.d/xsec-https.conf")
    with Hammer(scene.address, Version.TLS1_2) as hammer:
        folders.write(scene.world, found.files, scene.open_secret)
        folders.write(scene.world, (item for item in found.pointers if item.path == site))
        assert live.check() == ""
        live.reload()
        scene.world.clock.wait(0.2)
    assert sum(hammer.failures.values()) > 0
