"""The built-in TLS server as a daemon: for hosts without nginx, under the same rules and proofs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import PurePosixPath

from xsec.daemons.base import (
    Candidate,
    ClientPolicy,
    Installation,
    KeyFile,
    Listener,
    Rendered,
    Stage,
    Start,
    pem,
)
from xsec.pki.server import KEY_PATH
from xsec.tls.dh import FFDHE3072

_FOLDER = PurePosixPath("/etc/xsec/builtin")
_MAIN = _FOLDER / "https.json"
_PID = PurePosixPath("/run/xsec-builtin.pid")
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
        contents = self._contents(listener)
        nowhere = Installation(program="", root="", main=_MAIN, pid_file=_PID)
        parts = [
            *(
                item.content.public_key_digest.encode() if isinstance(item.content, KeyFile) else item.content
                for item in contents
            ),
            _json(self._server(listener, listener.clients, _FOLDER, nowhere)),
        ]
        folder = _FOLDER / sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()[:16]
        server = self._server(listener, listener.clients, folder, where)
        site = {"servers": [server] if listener.enabled else []}
        return Candidate(
            daemon=self.name,
            folder=folder,
            files=(
                *(
                    Rendered(path=folder / item.path.name, content=item.content, mode=item.mode)
                    for item in contents
                ),
                Rendered(path=folder / "https.json", content=_json(site)),
            ),
            pointers=(Rendered(path=_MAIN, content=_json({"include": where.place(folder / "https.json")})),),
        )

    def _contents(self, listener: Listener) -> tuple[Rendered, ...]:
        identity = listener.identity
        key = KeyFile(sealed=identity.key, path=KEY_PATH, public_key_digest=identity.public_key_digest)
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
        found = [
            Rendered(
                path=_FOLDER / "certificate.pem",
                content=pem("CERTIFICATE", (identity.certificate, *identity.chain)),
            ),
            Rendered(path=_FOLDER / "key.pem", content=key, mode=0o600),
            Rendered(path=_FOLDER / "group.pem", content=FFDHE3072),
            Rendered(path=_FOLDER / "openssl.cnf", content="\n".join(openssl).encode()),
        ]
        return (*found, *self._clients(listener.clients, _FOLDER))

    @staticmethod
    def _clients(policy: ClientPolicy, folder: PurePosixPath) -> tuple[Rendered, ...]:
        found = []
        if policy.required:
            found.append(Rendered(path=folder / "clients.pem", content=pem("CERTIFICATE", policy.anchors)))
        if policy.crls:
            found.append(Rendered(path=folder / "crl.pem", content=pem("X509 CRL", policy.crls)))
        return tuple(found)

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
            "openssl": where.place(folder / "openssl.cnf"),
            "certificate": where.place(folder / "certificate.pem"),
            "key": where.place(folder / "key.pem"),
            "group": where.place(folder / "group.pem"),
            "clients": where.place(theirs / "clients.pem") if clients.required else None,
            "crl": where.place(theirs / "crl.pem") if clients.crls else None,
            "strict_transport": listener.strict_transport,
        }

    def rehearsal(
        self, listener: Listener, candidate: Candidate, where: Installation, stage: Stage
    ) -> tuple[Rendered, ...]:
        exact = self._server(listener, listener.clients, candidate.folder, where)
        servers = [{**exact, "address": "127.0.0.1", "port": stage.port}]
        files: tuple[Rendered, ...] = ()
        if stage.probe_clients is not None:
            files = self._clients(stage.probe_clients, stage.folder)
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
