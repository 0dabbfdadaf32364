"""Handshakes over a `Dialer`: what a server accepts, what it serves, and what it says to a client.

Contexts for clients are made here and nowhere else.  They run at security level 0 on purpose: a probe whose
own library refuses proves nothing about the server.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from xsec.errors import Unavailable
from xsec.ports import Connection, Dialer, Entropy
from xsec.secret import Secret
from xsec.tls import hello
from xsec.tls.versions import Version

_PATIENCE = timedelta(seconds=5)
_CHUNK = 16384
_RESPONSE = 65536  # octets of an HTTP answer that are read at most
_VERSIONS = {Version.TLS1_2: ssl.TLSVersion.TLSv1_2, Version.TLS1_3: ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens; `name` is sent as the server's name (RFC 6066, 3) when not empty."""

    host: str
    port: int
    name: str = ""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A client certificate with its chain as PEM, and its key as unencrypted PEM."""

    certificate: bytes
    key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A handshake that was completed, and the HTTP status that followed it.

    `status` is 0 when the server answered no HTTP; `refused` then says how the connection ended, and `alert`
    names the alert that ended it, empty when none did.
    """

    version: Version
    suite: str
    certificate: bytes
    chain: tuple[bytes, ...]
    status: int = 0
    refused: str = ""
    alert: str = ""


class HandshakeFailed(Unavailable):
    """No handshake; `alert` names the alert that the server sent, empty when it sent none."""

    def __init__(self, what: str, *, alert: str = "") -> None:
        super().__init__(what)
        self.alert = alert


def ask(
    dialer: Dialer, entropy: Entropy, address: Address, version: Version, suites: tuple[int, ...]
) -> hello.Heard:
    """What the server says to an offer of one version and the suites; `Unavailable` without a server."""
    connection = dialer.dial(address.host, address.port, timeout=_PATIENCE)
    listener = hello.Listener()
    try:
        connection.send(hello.client_hello(version, suites, entropy.bytes(64), name=address.name))
        while True:
            heard = listener.feed(connection.receive(_CHUNK))
            if heard is not None:
                return heard
    finally:
        connection.close()


def shake(
    dialer: Dialer,
    address: Address,
    version: Version,
    *,
    holder: Holder | None = None,
    ciphers: str = "ALL:COMPLEMENTOFALL",
) -> Served:
    """A whole handshake at one version, then `GET /`; `HandshakeFailed` or `Unavailable` says why it failed.

    In TLS 1.3 a server may judge the client's certificate after the handshake: its alert is `refused`.
    """
    if version.legacy:
        raise ValueError("old versions are asked for by hand: the library may refuse them itself")
    with ExitStack() as stack:
        context = _context(version, ciphers)
        if holder is not None:
            _present(context, dialer, holder, stack)
        connection = dialer.dial(address.host, address.port, timeout=_PATIENCE)
        stack.callback(connection.close)
        return _Client(context, connection, address).run(version)


def _context(version: Version, ciphers: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # what is served is compared octet by octet by the caller
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = _VERSIONS[version]
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    return context


def _present(context: ssl.SSLContext, dialer: Dialer, holder: Holder, stack: ExitStack) -> None:
    # the library reads keys from files only: memory is lent under a name, so that no disk sees the key
    path = stack.enter_context(dialer.lend(holder.key.reveal() + b"\n" + holder.certificate))
    try:
        context.load_cert_chain(path)
    except ssl.SSLError as error:
        raise Unavailable(f"the client certificate cannot be used: {_reason(error)}") from None


def _reason(error: ssl.SSLError) -> str:
    """The library's reason in words, such as `sslv3 alert handshake failure`."""
    return (error.reason or error.__class__.__name__).replace("_", " ").lower()


def _alert(error: ssl.SSLError) -> str:
    """The alert that the other side sent, by its name in RFC 8446, 6; empty when the error is our own."""
    return (error.reason or "").partition("_ALERT_")[2].lower()


class _Client:
    """One connection, with memory between the library and the socket."""

    def __init__(self, context: ssl.SSLContext, connection: Connection, address: Address) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._connection = connection
        self._address = address
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=address.name or None)

    def run(self, version: Version) -> Served:
        try:
            self._pump(self._tls.do_handshake)
        except ssl.SSLError as error:
            self._flush()
            raise HandshakeFailed(
                f"{self._address} refused {version.text}: {_reason(error)}", alert=_alert(error)
            ) from None
        suite = self._tls.cipher()
        certificate = self._tls.getpeercert(binary_form=True) or b""
        status, refused, alert = self._get()
        return Served(
            version=version,
            suite=suite[0] if suite else "",
            certificate=certificate,
            chain=_chain(self._tls),
            status=status,
            refused=refused,
            alert=alert,
        )

    def _get(self) -> tuple[int, str, str]:
        """The HTTP status of `GET /`, or how the connection ended instead, and by which alert."""
        name = self._address.name or self._address.host
        request = f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode()
        try:
            self._pump(lambda: self._tls.write(request))
            answer = b""
            while b"\r\n" not in answer and len(answer) < _RESPONSE:
                more = self._pump(lambda: self._tls.read(_CHUNK))
                if not more:
                    break
                answer += more
        except ssl.SSLError as error:
            return 0, _reason(error), _alert(error)
        except Unavailable as error:
            return 0, error.what, ""
        words = answer.partition(b"\r\n")[0].split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            return 0, "closed without an HTTP answer", ""
        return int(words[1][:3]), "", ""

    def _pump(self, step: Callable[[], object]) -> bytes:
        """Repeat a step of the library until it needs no more from the other side; the octets it returns."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._connection.receive(_CHUNK)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return done if isinstance(done, bytes) else b""

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._connection.send(data)


def _chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """What the server sent, its own certificate first; a private method before Python 3.13."""
    inner = getattr(tls, "_sslobj")  # noqa: B009  # the private name is meant
    found = inner.get_unverified_chain() or []
    return tuple(ssl.PEM_cert_to_DER_cert(item.public_bytes()) for item in found)
