"""What the plug-ins render: pure, quoted, and named by all that is in it (TL-7, DR-4)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from tests.daemons.estate import estate
from tests.world import NOW, ca, crl, issue
from xsec.connections.settings import MODE
from xsec.daemons.base import Candidate, Daemon, Installation, KeyFile, Listener, daemon
from xsec.daemons.enforce import inspect
from xsec.daemons.enforce.listener import derive
from xsec.errors import InvalidValue, Refused
from xsec.state.snapshot import Sealed
from xsec.tls.ciphers import SUITES_13_DEFAULT
from xsec.tls.settings import STANDARD
from xsec.tls.versions import Version

ROOT = ca("Rendering Root")
SERVER = issue(ROOT, "rendering server", server=True)
PROGRAMS = ("nginx", "builtin")


def listener(*, clients: bool = False) -> Listener:
    values = {MODE.folded: "Validation"} if clients else {}
    return derive(
        estate(server=SERVER, authorities=(ROOT,), crls=(crl(ROOT),), values=values, now=NOW), "https", NOW
    ).listener


def render(plugin: Daemon, found: Listener, root: str = "") -> Candidate:
    return plugin.render(found, plugin.installation("/usr/sbin/program", root, None))


def text(found: Candidate, name: str) -> str:
    content = next(item.content for item in (*found.files, *found.pointers) if item.path.name == name)
    assert isinstance(content, bytes)
    return content.decode()


def test_nginx_is_given_the_policy_word_for_word() -> None:
    lines = text(render(daemon("nginx"), listener()), "tls.conf").splitlines()
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in lines
    assert f"ssl_ciphers {STANDARD};" in lines
    assert f"ssl_conf_command Ciphersuites {SUITES_13_DEFAULT};" in lines
    assert "ssl_session_tickets off;" in lines


def test_an_old_floor_is_rendered_with_level_0_and_without_anonymous_suites() -> None:
    found = listener()
    old = replace(
        found,
        profile=replace(
            found.profile,
            minimum_version=Version.TLS1_0,
            inbound=f"{STANDARD}:!aNULL:!eNULL:@SECLEVEL=0",
        ),
    )
    lines = text(render(daemon("nginx"), old), "tls.conf").splitlines()
    assert "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;" in lines
    assert f"ssl_ciphers {STANDARD}:!aNULL:!eNULL:@SECLEVEL=0;" in lines


def test_client_certificates_are_off_or_asked_for_with_ca_and_crl() -> None:
    plugin = daemon("nginx")
    assert "ssl_verify_client off;" in text(render(plugin, listener()), "clients.conf")
    asked = text(render(plugin, listener(clients=True)), "clients.conf")
    assert "ssl_verify_client on;" in asked
    assert "/crl.pem;" in asked


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_key_is_a_file_for_its_owner_alone_and_never_text(name: str) -> None:
    found = render(daemon(name), listener())
    key = next(item for item in found.files if item.path.name == "key.pem")
    assert isinstance(key.content, KeyFile)
    assert (key.mode, key.owner.uid) == (0o600, 0)
    assert "*** (private key)" in inspect.text(found)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_folder_is_named_by_what_is_in_it_and_not_by_where_the_host_lies(name: str) -> None:
    plugin = daemon(name)
    one = render(plugin, listener())
    assert render(plugin, listener()) == one
    assert render(plugin, listener(), "/srv/scratch").digest == one.digest
    assert all(item.path.parent == one.folder for item in one.files)


@pytest.mark.parametrize("name", PROGRAMS)
def test_everything_a_listener_says_changes_the_name_of_the_folder(name: str) -> None:
    plugin, found = daemon(name), listener(clients=True)
    other = [
        replace(found, port=4443),
        replace(found, address="127.0.0.1"),
        replace(found, strict_transport=not found.strict_transport),
        replace(found, profile=replace(found.profile, minimum_version=Version.TLS1_3)),
        replace(found, profile=replace(found.profile, inbound="HIGH")),
        replace(found, profile=replace(found.profile, ciphersuites=("TLS_AES_128_GCM_SHA256",))),
        replace(found, identity=replace(found.identity, public_key_digest="0")),
        replace(found, identity=replace(found.identity, chain=(ROOT.der,))),
        replace(found, clients=replace(found.clients, crls=())),
        replace(found, clients=replace(found.clients, anchors=(SERVER.der,))),
    ]
    assert len({render(plugin, item).digest for item in (found, *other)}) == len(other) + 1


@pytest.mark.parametrize("name", PROGRAMS)
def test_resealing_the_key_is_no_change_for_the_daemon(name: str) -> None:
    plugin, found = daemon(name), listener()
    again = replace(found, identity=replace(found.identity, key=Sealed("another")))
    assert render(plugin, again).digest == render(plugin, found).digest


@pytest.mark.parametrize(
    "value", ["HIGH; ssl_verify_client off", 'HIGH"; }', "HIGH\n", "HIGH$x", "HIGH{}", "HIGH#"]
)
def test_a_value_that_could_leave_its_place_is_refused_and_not_quoted(value: str) -> None:
    found = listener()
    hostile = replace(found, profile=replace(found.profile, inbound=value))
    with pytest.raises(Refused, match="cannot be written"):
        render(daemon("nginx"), hostile)


@pytest.mark.parametrize("root", ["/srv/a;b", "/srv/$x", '/srv/"', "/srv/a\nb", "/srv/é"])
def test_a_root_folder_that_cannot_be_written_is_refused(root: str) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        render(daemon("nginx"), listener(), root)


def test_a_root_folder_with_a_blank_is_quoted() -> None:
    assert 'ssl_certificate "/srv/my host/etc/' in text(
        render(daemon("nginx"), listener(), "/srv/my host"), "tls.conf"
    )


def test_ipv6_addresses_are_bracketed() -> None:
    found = replace(listener(), address="::1", port=8443)
    assert "listen [::1]:8443 ssl;" in text(render(daemon("nginx"), found), "https.conf")


def test_a_main_configuration_of_somebody_else_is_told_from_xsecs_own() -> None:
    plugin = daemon("nginx")
    assert not plugin.installation("/usr/sbin/nginx", "", b"user www-data;\n").main_is_own
    own = render(plugin, listener()).missing[0].content
    assert isinstance(own, bytes)
    assert plugin.installation("/usr/sbin/nginx", "", own).main_is_own


@pytest.mark.parametrize(
    ("main", "pid"),
    [
        (b"user www-data;\npid /run/other.pid;\n", "/run/other.pid"),
        (b"  pid /srv/host/run/x.pid;\n", "/run/x.pid"),
        (b"# pid /run/commented.pid;\n", "/run/nginx.pid"),
        (b"events {}\n", "/run/nginx.pid"),
    ],
)
def test_the_process_number_is_where_the_hosts_own_configuration_says(main: bytes, pid: str) -> None:
    where = daemon("nginx").installation("/usr/sbin/nginx", "/srv/host", main)
    assert where.pid_file == PurePosixPath(pid)


def test_workers_that_shut_down_are_not_counted_as_serving() -> None:
    children = (
        (10, "nginx: worker process"),
        (9, "nginx: worker process is shutting down"),
        (8, "nginx: cache manager process"),
    )
    assert daemon("nginx").serving(children) == {10}


def test_a_shadow_has_its_own_files_and_the_candidates_policy() -> None:
    plugin = daemon("nginx")
    where = plugin.installation("/usr/sbin/nginx", "", None)
    shadow = where.beside(PurePosixPath("/run/xsec/shadow-nginx"))
    assert shadow == Installation(
        program="/usr/sbin/nginx",
        root="",
        main=PurePosixPath("/run/xsec/shadow-nginx/nginx.conf"),
        pid_file=PurePosixPath("/run/xsec/shadow-nginx/nginx.pid"),
    )


def test_an_unknown_daemon_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidValue) as caught:
        daemon("apache")
    assert "nginx" in caught.value.allowed
