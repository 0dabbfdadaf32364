"""An apply killed at any effect leaves the old or the new, and the next command succeeds (R1 for apply).

A seeded sample runs always, every effect with XSEC_FAULTS=full.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.cuts import CutFiles, CutRunner, Knife
from tests.daemons.hammer import Hammer
from tests.daemons.scene import Scene
from tests.doubles.files import PowerLoss
from xsec.daemons.enforce.undo import recorded
from xsec.edge.process import SystemRunner
from xsec.errors import Unavailable
from xsec.lab.pki import seeded_key
from xsec.tls.handshake import shake
from xsec.tls.settings import HTTPS
from xsec.tls.versions import Version

FULL = os.environ.get("XSEC_FAULTS") == "full"
SAMPLE = 7
NGINX = pytest.param("nginx", marks=pytest.mark.needs("nginx"))
SUITES = ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")


@pytest.fixture(params=[NGINX, "builtin"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, request.param)
    yield made
    whole(made)
    made.stop()


def whole(scene: Scene) -> None:
    """Take the knife away: the next process has its own doors."""
    scene.world.cut = None
    scene.world.runner = SystemRunner()


def under(scene: Scene, knife: Knife) -> None:
    scene.world.cut = CutFiles(scene.root, knife)
    scene.world.runner = CutRunner(knife)


def suite(scene: Scene) -> str:
    """The suite that is served: it tells the old configuration from the new one."""
    return shake(scene.world.dialer, scene.address, Version.TLS1_3).suite


def points(count: int, name: str) -> list[tuple[int, bool]]:
    every = [(at, after) for at in range(1, count + 1) for after in (False, True)]
    # the same points in every run
    return every if FULL else sorted(random.Random(f"15 {name}").sample(every, SAMPLE))  # noqa: S311


def test_a_killed_change_leaves_the_old_or_the_new_and_the_next_apply_succeeds(scene: Scene) -> None:
    scene.set({HTTPS.suites: SUITES[0]})
    scene.apply()
    scene.set({HTTPS.suites: SUITES[1]})
    scene.server = scene.ca.issue("server", server=True, key=seeded_key("counted"))
    counting = Knife()
    under(scene, counting)
    scene.apply()
    whole(scene)
    assert counting.count > 10
    with Hammer(scene.address, clients=1) as hammer:
        for at, after in points(counting.count, scene.daemon):
            killed_at(scene, at, after=after)
    assert hammer.failures == {}
    assert hammer.served > 0


def killed_at(scene: Scene, at: int, *, after: bool) -> None:
    """Kill one change, let the next command clear up, and look."""
    old = suite(scene)
    new = next(name for name in SUITES if name != old)
    scene.set({HTTPS.suites: new})
    # a rendering that was never written, so that every change has the same effects
    scene.server = scene.ca.issue("server", server=True, key=seeded_key(f"{at} {after}"))
    knife = Knife(at, after=after)
    under(scene, knife)
    with pytest.raises(PowerLoss):
        scene.apply()
    whole(scene)
    where = f"effect {at} ({knife.names[-1]}), {'after' if after else 'before'} it"
    assert suite(scene) in SUITES, where
    scene.recover()
    served, tree = suite(scene), scene.tree()
    assert served in (old, new), where
    record = recorded(scene.world)["https"]
    assert record.inputs[HTTPS.suites.path] == served, f"{where}: the record is of another configuration"
    assert all((scene.root / path.lstrip("/")).exists() for path in record.files), where
    assert scene.recover() == (), where
    assert scene.tree() == tree, where
    scene.apply()
    assert suite(scene) == new, where


def test_a_killed_first_apply_is_undone_or_finished(scene: Scene) -> None:
    counting = Knife()
    under(scene, counting)
    scene.apply()
    whole(scene)
    for at, after in points(counting.count, f"first {scene.daemon}"):
        scene.stop()
        for file in (scene.root / "var/lib/xsec/status").iterdir():
            file.unlink()
        shutil.rmtree(scene.root / "etc")
        (scene.root / "etc").mkdir()
        under(scene, Knife(at, after=after))
        with pytest.raises(PowerLoss):
            scene.apply()
        whole(scene)
        scene.recover()
        if "https" in recorded(scene.world):
            assert suite(scene) in SUITES
        else:
            assert scene.tree() == {}, f"effect {at}"
        scene.apply()
        assert suite(scene) in SUITES


def test_recovering_without_anything_left_touches_nothing(scene: Scene) -> None:
    scene.apply()
    knife = Knife()
    under(scene, knife)
    assert scene.recover() == ()
    assert knife.count == 0


def test_a_daemon_that_does_not_take_the_way_back_does_not_block_the_next_command(scene: Scene) -> None:
    """The files are put back, it is said once, and the next apply works."""
    scene.apply()
    before = scene.tree()
    scene.set({HTTPS.suites: SUITES[1]})
    counting = Knife()
    under(scene, counting)
    scene.apply()
    hangup = counting.names.index("signal SIGHUP") + 1
    whole(scene)
    scene.set({HTTPS.suites: SUITES[0]})
    now = scene.tree()
    under(scene, Knife(hangup))
    with pytest.raises(PowerLoss):
        scene.apply()
    whole(scene)
    scene.world.runner = _Deaf()
    (told,) = scene.recover()
    assert "the files were put back, but" in told
    whole(scene)
    assert scene.tree() == now != before
    assert scene.recover() == ()
    scene.apply()
    assert suite(scene) == SUITES[0]


class _Deaf(SystemRunner):
    """Programs that cannot be signalled."""

    def signal(self, pid: int, name: str) -> None:
        raise Unavailable(f"process {pid} belongs to another user")
