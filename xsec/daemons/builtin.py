"""The built-in TLS server as a daemon: for hosts without nginx, under the same rules and proofs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import PurePosixPath

from xsec.daemons.base import (
    CERTIFICATE,
    CLIENTS,
    CRL,
    GROUP,
    KEY,
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
)

_FOLDER = PurePosixPath("/etc/xsec/builtin")
_MAIN = _FOLDER / "https.json"
_PID = PurePosixPath("/run/xsec-builtin.pid")
_OPENSSL = PurePosixPath("openssl.cnf")
_MODULE = "xsec.edge.tls_server"


def _json(tree: object) -> bytes:
    return json.dumps(tree, indent=1, sort_keys=True).encode() + b"\n"


class Builtin:
    """The plug-in."""

    name = "builtin"
    services = ("https",)
    folder = _FOLDER

    def program(self) -> str:
        return sys.executable

    def main_file(self) -> PurePosixPath:
        return _MAIN

    def installation(self, program: str, root: str, main: bytes | None) -> Installation:
        return Installation(program=program, root=root, main=_MAIN, pid_file=_PID)

    def render(self, listener: Listener, where: Installation) -> Candidate:
        files = (*material(listener), self._suites(listener))
        nowhere = Installation(program="", root="", main=_MAIN, pid_file=_PID)
        policy = _json(self._server(listener, listener.clients, _FOLDER, nowhere))
        folder = _FOLDER / folder_name(files, policy)
        server = self._server(listener, listener.clients, folder, where)
        site = {"servers": [server] if listener.enabled else []}
        return Candidate(
            daemon=self.name,
            folder=folder,
            files=(*placed(files, folder), Rendered(path=folder / "https.json", content=_json(site))),
            pointers=(Rendered(path=_MAIN, content=_json({"include": where.place(folder / "https.json")})),),
        )

    @staticmethod
    def _suites(listener: Listener) -> Rendered:
        """Python's ssl cannot choose suites of TLS 1.3: OpenSSL reads them from a file of its own."""
        suites = ":".join(listener.profile.ciphersuites)
        openssl = (
            "openssl_conf = all",
            "[all]",
            "ssl_conf = ssl",
            "[ssl]",
            "system_default = policy",
            "[policy]",
            " = ".join(("Ciphersuites", suites)),
            "",
        )
        return Rendered(path=_OPENSSL, content="\n".join(openssl).encode())

    @staticmethod
    def _server(
        listener: Listener,
        clients: ClientPolicy,
        folder: PurePosixPath,
        where: Installation,
        *,
        clients_in: PurePosixPath | None = None,
    ) -> dict[str, object]:
        theirs = clients_in or folder
        return {
            "address": listener.address,
            "port": listener.port,
            "minimum_version": int(listener.profile.minimum_version),
            "ciphers": listener.profile.inbound,
            "openssl": where.place(folder / _OPENSSL),
            "certificate": where.place(folder / CERTIFICATE),
            "key": where.place(folder / KEY),
            "group": where.place(folder / GROUP),
            "clients": where.place(theirs / CLIENTS) if clients.required else None,
            "crl": where.place(theirs / CRL) if clients.crls else None,
            "strict_transport": listener.strict_transport,
        }

    def rehearsal(
        self, listener: Listener, candidate: Candidate, where: Installation, stage: Stage
    ) -> tuple[Rendered, ...]:
        exact = self._server(listener, listener.clients, candidate.folder, where)
        servers = [{**exact, "address": "127.0.0.1", "port": stage.port}]
        files: tuple[Rendered, ...] = ()
        if stage.probe_clients is not None:
            files = placed(client_files(stage.probe_clients), stage.folder)
            probe = self._server(
                listener, stage.probe_clients, candidate.folder, where, clients_in=stage.folder
            )
            servers.append({**probe, "address": "127.0.0.1", "port": stage.probe_port})
        main = Rendered(path=where.beside(stage.folder).main, content=_json({"servers": servers}), mode=0o600)
        return (*files, main)

    def check(self, where: Installation) -> tuple[str, ...]:
        return (where.program, "-I", "-m", _MODULE, "--check", where.place(where.main))

    def start(self, where: Installation) -> Start:
        command = (where.program, "-I", "-m", _MODULE, where.place(where.main), where.place(where.pid_file))
        return Start(argv=command, stays=True)

    def serving(self, children: Sequence[tuple[int, str]]) -> frozenset[int]:
        return frozenset(pid for pid, command in children if _MODULE in command)

    def owns(self, content: bytes) -> bool:
        return content.startswith(b"{")

    def log(self) -> PurePosixPath | None:
        return None

    def refusal(self, said: bytes) -> str:
        return ""

    def is_master(self, command: str, where: Installation) -> bool:
        return f" {_MODULE} {where.place(where.main)} " in f"{command} "


DAEMON = Builtin()
