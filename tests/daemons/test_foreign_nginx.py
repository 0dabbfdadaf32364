"""An nginx that was there before xsec: its files stay, its other servers are not disturbed (TL-7)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.hammer import Hammer
from tests.daemons.scene import Scene
from xsec.tls.handshake import Address, shake
from xsec.tls.settings import HTTPS
from xsec.tls.versions import Version

pytestmark = pytest.mark.needs("nginx")


class Foreign:
    """The operator's own nginx with one TLS server of the operator's."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.port = scene.world.dialer.free_port()
        root, etc = scene.root, scene.root / "etc/nginx"
        (etc / "conf.d").mkdir(parents=True)
        (root / "temp").mkdir()
        (etc / "own.pem").write_bytes(scene.server.key_pem + scene.server.pem)
        temporary = "".join(
            f"{kind}_temp_path {root}/temp/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.main = etc / "nginx.conf"
        self.main.write_text(
            f"pid {root}/run/operators.pid;\nerror_log {root}/error.log;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}include conf.d/*.conf;\n"
            f"server {{ listen 127.0.0.1:{self.port} ssl; ssl_certificate own.pem; "
            f'ssl_certificate_key own.pem; location / {{ return 200 "theirs"; }} }}\n}}\n'
        )
        self.command = ("/usr/sbin/nginx", "-p", str(root), "-c", str(self.main), "-e", f"{root}/error.log")
        subprocess.run(self.command, check=True, stderr=subprocess.DEVNULL)

    @property
    def address(self) -> Address:
        return Address(host="127.0.0.1", port=self.port)

    def stop(self) -> None:
        subprocess.run((*self.command, "-s", "stop"), check=True, stderr=subprocess.DEVNULL)


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Foreign]:
    made = Foreign(Scene(tmp_path, "nginx"))
    yield made
    made.stop()


def test_an_nginx_that_runs_is_reloaded_and_its_own_files_and_servers_stay(foreign: Foreign) -> None:
    scene, before = foreign.scene, foreign.main.read_bytes()
    with Hammer(foreign.address, Version.TLS1_2) as hammer:  # nginx 1.22 has no TLS 1.3 unless told
        (report,) = scene.apply().services
        scene.set({HTTPS.protocol: "minTLSv1.3"})
        scene.apply()
    assert report.action == "reload"
    assert not any(change.path.endswith("nginx.conf") for change in report.files)
    assert foreign.main.read_bytes() == before
    assert hammer.failures == {}
    assert shake(scene.world.dialer, scene.address, Version.TLS1_3).status == 200


def test_the_snippet_gives_the_policy_to_a_server_of_the_operators(foreign: Foreign) -> None:
    scene = foreign.scene
    scene.set({HTTPS.suites: "TLS_CHACHA20_POLY1305_SHA256"})
    scene.apply()
    port = scene.world.dialer.free_port()
    site = scene.root / "etc/nginx/conf.d/theirs.conf"
    site.write_text(f"server {{ listen 127.0.0.1:{port} ssl; include snippets/xsec-tls.conf; }}\n")
    subprocess.run((*foreign.command, "-s", "reload"), check=True, stderr=subprocess.DEVNULL)
    scene.world.clock.wait(0.5)
    served = shake(scene.world.dialer, Address(host="127.0.0.1", port=port), Version.TLS1_3)
    assert (served.certificate, served.suite) == (scene.server.der, "TLS_CHACHA20_POLY1305_SHA256")
