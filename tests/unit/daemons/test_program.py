"""Which process is a daemon's own: a number that another instance has by now is not signalled (AP-2)."""

from __future__ import annotations

import pytest

from tests.doubles.runner import RecordingRunner
from tests.doubles.world import MemoryWorld
from xsec.daemons.base import daemon
from xsec.daemons.enforce.program import Program
from xsec.errors import Unavailable

NUMBER = 4711
TITLE = "nginx: master process /usr/sbin/nginx"
MODULE = "/venv/bin/python -I -m xsec.edge.tls_server"


def program(name: str, command: str, root: str) -> tuple[Program, RecordingRunner]:
    """A daemon below a root, whose file names a process with this command line."""
    plugin = daemon(name)
    where = plugin.installation("/usr/sbin/nginx", root, None)
    runner = RecordingRunner(processes={NUMBER: (1, command)})
    world = MemoryWorld(runner=runner)
    world.files.make_folder(where.pid_file.parent)
    world.files.replace(where.pid_file, f"{NUMBER}\n".encode())
    return Program(world, plugin, where), runner


@pytest.mark.parametrize(
    ("name", "command", "root"),
    [
        pytest.param("nginx", f"{TITLE} -p /r -c /r/etc/nginx/nginx.conf -e /r/log", "/r", id="ours"),
        pytest.param("nginx", f"{TITLE} -c /a b/etc/nginx/nginx.conf", "/a b", id="a blank in the root"),
        pytest.param("nginx", f"{TITLE} -g daemon on; master_process on;", "", id="as Debian starts it"),
        pytest.param("nginx", f"{TITLE} -c/etc/nginx/nginx.conf", "", id="without a blank"),
        pytest.param("nginx", f"{TITLE} -c nginx.conf", "", id="named in the usual folder"),
        pytest.param("nginx", f"{TITLE} -p /r/ -c etc/nginx/nginx.conf", "/r", id="named in the prefix"),
        pytest.param("builtin", f"{MODULE} /r/etc/xsec/builtin/https.json /r/run/p", "/r", id="built in"),
    ],
)
def test_the_master_with_our_configuration_is_ours(name: str, command: str, root: str) -> None:
    assert program(name, command, root)[0].pid() == NUMBER


@pytest.mark.parametrize(
    ("name", "command", "root"),
    [
        pytest.param("nginx", f"{TITLE} -c /other/etc/nginx/nginx.conf", "/r", id="another root"),
        pytest.param("nginx", f"{TITLE} -c /r/etc/nginx/nginx.conf.old", "/r", id="a longer name"),
        pytest.param("nginx", f"{TITLE} -c /srv/other.conf", "", id="another instance"),
        pytest.param("nginx", f"{TITLE} -g daemon on;", "/r", id="that of the distribution"),
        pytest.param("nginx", "/usr/bin/vim -c /r/etc/nginx/nginx.conf", "/r", id="another program"),
        pytest.param("builtin", f"{MODULE} /other/etc/xsec/builtin/https.json /p", "/r", id="built in"),
    ],
)
def test_a_number_that_another_process_has_by_now_is_left_alone(name: str, command: str, root: str) -> None:
    found, runner = program(name, command, root)
    assert found.pid() is None
    found.stop()
    with pytest.raises(Unavailable, match="does not run"):
        found.reload()
    assert runner.signals == []
