"""The name a peer is reached by, against the names its certificate presents (RFC 9525; SAN only)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from xsec.errors import InvalidValue
from xsec.pki import extensions as ext
from xsec.pki import names
from xsec.pki.names import DNS, EMAIL, IP, GeneralName
from xsec.pki.parse import CertificateView
from xsec.pki.path.constraints import is_host

_CODES = {DNS: "hostname_mismatch", IP: "ip_address_mismatch", EMAIL: "email_mismatch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference identifier: kind (DNS, IP, EMAIL) and its value: A-label, address octets, mailbox."""

    kind: int
    value: bytes
    text: str

    @property
    def code(self) -> str:
        """The code of the check that compares it."""
        return _CODES[self.kind]

    @property
    def general_name(self) -> GeneralName:
        """The same as a general name, to be held against name constraints (rules.md PA-4)."""
        return GeneralName(self.kind, self.value)


def parse(text: str) -> Reference:
    """The reference of `dns:NAME`, `ip:ADDRESS` or `email:ADDRESS`; without a prefix a name or an address."""
    prefix, colon, rest = text.partition(":")
    if colon and prefix in ("dns", "ip", "email"):
        return _of_kind(prefix, rest)
    try:
        return _of_kind("ip", text)
    except InvalidValue:
        return _of_kind("email" if "@" in text else "dns", text)


def _of_kind(kind: str, text: str) -> Reference:
    if kind == "ip":
        try:
            return Reference(kind=IP, value=ipaddress.ip_address(text).packed, text=text)
        except ValueError:
            raise InvalidValue(
                f"{text!r} is not an IP address", allowed="ip:192.0.2.1 or ip:2001:db8::1"
            ) from None
    if kind == "email":
        local, _, host = text.rpartition("@")
        if not local or not text.isascii() or not is_host(host.lower()):
            raise InvalidValue(f"{text!r} is not a mailbox", allowed="email:user@host.example")
        return Reference(kind=EMAIL, value=f"{local}@{host.lower()}".encode(), text=text)
    try:
        name = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        name = ""
    if not is_host(name):
        raise InvalidValue(f"{text!r} is not a host name", allowed="dns:host.example")
    return Reference(kind=DNS, value=name.encode(), text=text)


def presented(view: CertificateView) -> tuple[GeneralName, ...]:
    """The subject alternative names; none when they are absent or unreadable."""
    return view.extensions.known(ext.SUBJECT_ALTERNATIVE_NAME) or ()


def matching(reference: Reference, view: CertificateView) -> GeneralName | None:
    """The presented name that matches, or None."""
    return next((name for name in presented(view) if _matches(reference, name)), None)


def _matches(reference: Reference, name: GeneralName) -> bool:
    if name.kind != reference.kind:
        return False
    if name.kind == DNS:
        return _host_matches(name.text.lower().removesuffix("."), reference.value.decode())
    if name.kind == EMAIL:
        local, _, host = name.text.rpartition("@")
        return f"{local}@{host.lower()}".encode() == reference.value
    return name.value == reference.value


def _host_matches(pattern: str, host: str) -> bool:
    """Equal, or `*` as the whole left-most label of at least three (RFC 9525, 6.3; rules.md NA-1)."""
    if pattern == host:
        return True
    rest = pattern.removeprefix("*.")
    label, dot, parent = host.partition(".")
    return rest != pattern and "." in rest and "*" not in rest and bool(label and dot) and parent == rest


def mismatch(reference: Reference, view: CertificateView) -> str:
    """Why nothing matches, for people; says so when only the Common Name would have."""
    shown = [str(name) for name in presented(view)[:10]]
    text = f"the certificate is for {', '.join(shown)}" if shown else "the certificate has no subjectAltName"
    common = names.texts(view.subject_name, names.COMMON_NAME)
    if reference.kind == DNS and any(
        _host_matches(name.lower(), reference.value.decode()) for name in common
    ):
        text += "; only the Common Name matches, which does not count (RFC 9525, 2)"
    return text
