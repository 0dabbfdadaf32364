"""nginx: the HTTPS service as files of nginx's own language, tried with 1.22.

One folder holds all of a rendering and never changes; one file of `conf.d` names the folder.  A reload by
anybody at any moment therefore sees the old rendering whole or the new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from xsec.daemons.base import (
    CERTIFICATE,
    CLIENTS,
    CRL,
    GROUP,
    KEY,
    ROOT_USER,
    Candidate,
    ClientPolicy,
    Installation,
    Listener,
    Rendered,
    Stage,
    Start,
    client_files,
    folder_name,
    material,
    placed,
    safe,
)
from xsec.errors import Refused
from xsec.tls.versions import Version

_MAIN = PurePosixPath("/etc/nginx/nginx.conf")
_SITE = PurePosixPath("/etc/nginx/conf.d/xsec-https.conf")
_SNIPPET = PurePosixPath("/etc/nginx/snippets/xsec-tls.conf")
_PID = PurePosixPath("/run/nginx.pid")
_FOLDER = PurePosixPath("/etc/xsec/nginx")
_LOG = PurePosixPath("/var/log/xsec/nginx.log")
_TEMPORARY = PurePosixPath("/run/xsec-nginx")
_MARK = "# written by xsec; changes by hand are shown as drift and are not kept"

_BARE = re.compile(r"[A-Za-z0-9_./:+@=*~!,\[\]$-]+")
_QUOTED = re.compile(r"[A-Za-z0-9_./:+@=*~!,\[\] ()-]*")

_PID_LINE = re.compile(rb"^\s*pid\s+\"?([^\s;\"]+)\"?\s*;", re.MULTILINE)
_OPTION_C = re.compile(r" -c *(\S+)")
_OPTION_P = re.compile(r" -p *(\S+)")

_NAMES = {
    Version.TLS1_0: "TLSv1",
    Version.TLS1_1: "TLSv1.1",
    Version.TLS1_2: "TLSv1.2",
    Version.TLS1_3: "TLSv1.3",
}


def _word(text: str) -> str:
    """A value as nginx reads it back; nothing that could end a value or a directive gets through."""
    if text and _BARE.fullmatch(text) and "$" not in text:
        return text
    if _QUOTED.fullmatch(text):
        return '"' + text + '"'
    raise Refused("a value cannot be written into nginx's configuration", where=repr(text))


def _set(name: str, *values: str) -> str:
    return " ".join((name, *map(_word, values))) + ";"


def _block(name: str, lines: Iterable[str], *values: str) -> list[str]:
    return [" ".join((name, *map(_word, values), "{")), *("    " + line for line in lines), "}"]


def _text(lines: Iterable[str]) -> bytes:
    return "\n".join((_MARK, *lines, "")).encode()


class Nginx:
    """The plug-in."""

    name = "nginx"
    services = ("https",)
    folder = _FOLDER

    def program(self) -> str:
        return "nginx"

    def main_file(self) -> PurePosixPath:
        return _MAIN

    def installation(self, program: str, root: str, main: bytes | None) -> Installation:
        safe(root)
        if main is None or self.owns(main):
            return Installation(program=program, root=root, main=_MAIN, pid_file=_PID)
        named = _PID_LINE.search(main)
        text = named[1].decode("ascii", "replace").removeprefix(root.rstrip("/")) if named else ""
        pid = PurePosixPath(text) if text.startswith("/") else _PID
        return Installation(program=program, root=root, main=_MAIN, pid_file=pid, main_is_own=False)

    # What is rendered --------------------------------------------------------------------------------

    def render(self, listener: Listener, where: Installation) -> Candidate:
        files = material(listener)
        folder = _FOLDER / self._digest(listener, files)
        tls = self._tls(listener, folder, where)
        clients = self._clients(listener.clients, folder, where)
        files = (
            *placed(files, folder),
            Rendered(path=folder / "tls.conf", content=_text(tls)),
            Rendered(path=folder / "clients.conf", content=_text(clients)),
            Rendered(path=folder / "https.conf", content=_text(self._site(listener, folder, where))),
        )
        if listener.enabled:
            site = _text([_set("include", where.place(folder / "https.conf"))])
        else:
            site = _text(["# Administration HTTPS Mode is Off"])
        return Candidate(
            daemon=self.name,
            folder=folder,
            files=files,
            pointers=(
                Rendered(path=_SITE, content=site),
                Rendered(path=_SNIPPET, content=_text([_set("include", where.place(folder / "tls.conf"))])),
            ),
            missing=(
                Rendered(path=_MAIN, content=_text(self._main(where, where.place(_PID), "conf.d/*.conf"))),
            ),
            needs=(_TEMPORARY, _LOG.parent),
        )

    def _digest(self, listener: Listener, files: Iterable[Rendered]) -> str:
        """A name made of everything that is in the folder; paths of this host are no part of it."""
        nowhere = Installation(program="", root="", main=_MAIN, pid_file=_PID)
        folder = _FOLDER / "0"
        return folder_name(
            files,
            _text(self._tls(listener, folder, nowhere)),
            _text(self._clients(listener.clients, folder, nowhere)),
            _text(self._site(listener, folder, nowhere)),
        )

    def _tls(self, listener: Listener, folder: PurePosixPath, where: Installation) -> list[str]:
        """The policy as directives of a server block: also for servers that the operator writes."""
        profile = listener.profile
        return [
            _set("ssl_protocols", *(_NAMES[version] for version in profile.versions)),
            _set("ssl_ciphers", profile.inbound),
            _set("ssl_conf_command", "Ciphersuites", ":".join(profile.ciphersuites)),
            _set("ssl_prefer_server_ciphers", "on"),
            _set("ssl_dhparam", where.place(folder / GROUP)),
            _set("ssl_certificate", where.place(folder / CERTIFICATE)),
            _set("ssl_certificate_key", where.place(folder / KEY)),
            # a session resumed after a CRL came would still have its old verdict
            _set("ssl_session_cache", "off"),
            _set("ssl_session_tickets", "off"),
        ]

    def _clients(self, policy: ClientPolicy, folder: PurePosixPath, where: Installation) -> list[str]:
        if not policy.required:
            return [_set("ssl_verify_client", "off")]
        lines = [
            _set("ssl_verify_client", "on"),
            _set("ssl_verify_depth", "10"),
            _set("ssl_client_certificate", where.place(folder / CLIENTS)),
        ]
        if policy.crls:
            lines.append(_set("ssl_crl", where.place(folder / CRL)))
        return lines

    def _site(self, listener: Listener, folder: PurePosixPath, where: Installation) -> list[str]:
        lines = [
            _set("listen", _endpoint(listener.address, listener.port), "ssl"),
            _set("server_name", "_"),
            _set("server_tokens", "off"),
            _set("include", where.place(folder / "tls.conf")),
            _set("include", where.place(folder / "clients.conf")),
        ]
        return _block("server", [*lines, *self._answer(listener)])

    def _answer(self, listener: Listener) -> list[str]:
        lines = [_set("default_type", "text/plain"), 'return 200 "xsec\\n";']
        if listener.strict_transport:
            lines.insert(
                0, 'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;'
            )
        return _block("location", lines, "/")

    def _main(self, where: Installation, pid: str, include: str) -> list[str]:
        temporary = [
            _set(kind + "_temp_path", where.place(_TEMPORARY / kind))
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ]
        return [
            _set("worker_processes", "2"),
            _set("pid", pid),
            _set("error_log", where.place(_LOG), "warn"),
            *_block("events", [_set("worker_connections", "768")]),
            *_block("http", [_set("access_log", "off"), *temporary, _set("include", include)]),
        ]

    # The shadow --------------------------------------------------------------------------------------

    def rehearsal(
        self, listener: Listener, candidate: Candidate, where: Installation, stage: Stage
    ) -> tuple[Rendered, ...]:
        exact = [
            _set("listen", _endpoint("127.0.0.1", stage.port), "ssl"),
            _set("include", where.place(candidate.folder / "tls.conf")),
            _set("include", where.place(candidate.folder / "clients.conf")),
            *self._answer(listener),
        ]
        servers = _block("server", exact)
        files: list[Rendered] = []
        if stage.probe_clients is not None:
            probe = [
                _set("listen", _endpoint("127.0.0.1", stage.probe_port), "ssl"),
                _set("include", where.place(candidate.folder / "tls.conf")),
                *self._clients(stage.probe_clients, stage.folder, where),
                *self._answer(listener),
            ]
            servers += _block("server", probe)
            files += (
                replace(item, mode=0o600) for item in placed(client_files(stage.probe_clients), stage.folder)
            )
        beside = where.beside(stage.folder)
        main = self._main(where, where.place(beside.pid_file), "servers.conf")
        return (
            *files,
            _private(stage, "servers.conf", _text(servers)),
            _private(stage, beside.main.name, _text(main)),
        )

    # The program -------------------------------------------------------------------------------------

    def check(self, where: Installation) -> tuple[str, ...]:
        return (*self._command(where), "-t", "-q")

    def start(self, where: Installation) -> Start:
        return Start(argv=self._command(where), stays=False)

    def _command(self, where: Installation) -> tuple[str, ...]:
        prefix = ("-p", where.root) if where.root.strip("/") else ()
        return (where.program, *prefix, "-c", where.place(where.main), "-e", where.place(_LOG))

    def serving(self, children: Sequence[tuple[int, str]]) -> frozenset[int]:
        return frozenset(
            pid for pid, command in children if "worker process" in command and "shutting" not in command
        )

    def owns(self, content: bytes) -> bool:
        return content.startswith(_MARK.encode())

    def log(self) -> PurePosixPath | None:
        return _LOG

    def refusal(self, said: bytes) -> str:
        lines = [line for line in said.decode("utf-8", "replace").splitlines() if "[emerg]" in line]
        # it tries a taken port again for two seconds before it gives up
        if not lines or ("bind() to" in lines[-1] and "still could not" not in lines[-1]):
            return ""
        return lines[0].partition("[emerg]")[2].strip()

    def is_master(self, command: str, where: Installation) -> bool:
        if not (command.startswith("nginx: master process") or command.split(" ")[0].endswith("/nginx")):
            return False
        main, line = where.place(where.main), f"{command} "
        if f" -c {main} " in line:
            return True
        named = _OPTION_C.search(line)
        if named is None:  # a distribution starts it without: it then reads the file it was built for
            return main == str(_MAIN)
        prefix = _OPTION_P.search(line)
        return str(PurePosixPath(prefix[1] if prefix else _MAIN.parent) / named[1]) == main


def _endpoint(address: str, port: int) -> str:
    return ("[" + address + "]" if ":" in address else address) + ":" + str(port)


def _private(stage: Stage, name: str, content: bytes) -> Rendered:
    return Rendered(path=stage.folder / name, content=content, mode=0o600, owner=ROOT_USER)


DAEMON = Nginx()
