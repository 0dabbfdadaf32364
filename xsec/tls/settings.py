"""Minimum version, cipher string and TLS 1.3 suites of each service (TL-1, TL-2; appliance-facts 1.2)."""

from __future__ import annotations

from typing import Any

from xsec.state.kinds import Choice, Numbers, OnOff
from xsec.state.schema import Setting
from xsec.tls.ciphers import SUITES_13_DEFAULT, CipherString, Suites13

_COMMON = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL"
STANDARD = f"{_COMMON}:!aNULL"
SIP_STANDARD = f"{_COMMON}:+ADH"

PROTOCOLS = ("minTLSv1.0", "minTLSv1.1", "minTLSv1.2", "minTLSv1.3")
SIP_JOINS = (
    "TLSv1",
    "TLSv1.1",
    "TLSv1.2",
    "TLSv1:TLSv1.1",
    "TLSv1:TLSv1.2",
    "TLSv1.1:TLSv1.2",
    "TLSv1:TLSv1.1:TLSv1.2",
)


_DRIVEN = ("nginx", "builtin")  # the plug-ins there are; a service without one is recorded only


class Service:
    """A thing whose TLS policy is configured: its identifier, who carries it, and its settings.

    `daemon` names programs; empty means that xsec itself or another client program uses the policy.
    """

    __slots__ = ("ciphers", "daemons", "id", "protocol", "suites", "title")

    def __init__(
        self,
        id: str,
        title: str,
        *,
        daemons: tuple[str, ...],
        protocol: Setting[str],
        ciphers: Setting[str],
        suites: Setting[str],
    ) -> None:
        self.id = id
        self.title = title
        self.daemons = daemons
        self.protocol = protocol
        self.ciphers = ciphers
        self.suites = suites


def _protocol(
    name: str, title: str, *, own: bool = False, restart: str = "", used_by: tuple[str, ...] = ()
) -> Setting[str]:
    return Setting(
        path=f"Ciphers {name} Value",
        option="--minimum-version",
        kind=Choice(*PROTOCOLS),
        default="minTLSv1.2",
        own=own,
        restart=restart,
        used_by=used_by,
        page="xsec tls set",
        help=f"Lowest TLS version of {title}; below 1.2 an alarm is raised (RFC 8996)",
        other="" if own else "minTLSv1.0, minTLSv1.1, minTLSv1.2 only (command reference X15.0)",
    )


def _ciphers(
    name: str,
    title: str,
    *,
    own: bool = False,
    restart: str = "",
    used_by: tuple[str, ...] = (),
    default: str = STANDARD,
) -> Setting[str]:
    return Setting(
        path=f"Ciphers {name} Value",
        option="--ciphers",
        kind=CipherString(),
        default=default,
        own=own,
        restart=restart,
        used_by=used_by,
        page="xsec tls set",
        help=f"OpenSSL cipher string of {title}, for TLS up to 1.2",
    )


def _suites(name: str, title: str, *, restart: str = "", used_by: tuple[str, ...] = ()) -> Setting[str]:
    return Setting(
        path=f"Ciphers {name} Value",
        option="--ciphersuites",
        kind=Suites13(),
        default=SUITES_13_DEFAULT,
        own=True,
        restart=restart,
        used_by=used_by,
        page="xsec tls set",
        help=f"TLS 1.3 suites of {title}, preferred first",
    )


def _service(
    id: str,
    title: str,
    name: str,
    *,
    daemons: tuple[str, ...] = (),
    own: bool = False,
    own_protocol: bool | None = None,
    protocol: str = "",
    restart: str = "",
    default: str = STANDARD,
) -> Service:
    used_by = tuple(daemon for daemon in daemons if daemon in _DRIVEN)
    suites = f"{name}TLSSuites" if not name.endswith("TLS") else f"{name}Suites"
    return Service(
        id,
        title,
        daemons=daemons,
        protocol=_protocol(
            protocol or f"{name}Protocol",
            title,
            own=own if own_protocol is None else own_protocol,
            restart=restart,
            used_by=used_by,
        ),
        ciphers=_ciphers(f"{name}Ciphers", title, own=own, restart=restart, used_by=used_by, default=default),
        suites=_suites(suites, title, restart=restart, used_by=used_by),
    )


def _borrowing(id: str, title: str, name: str, lender: Service) -> Service:
    """A service without a string in the source: it has a floor of its own and another's suites (TL-2)."""
    return Service(
        id,
        title,
        daemons=(),
        protocol=_protocol(f"{name}TLSProtocol", title, own=True),
        ciphers=lender.ciphers,
        suites=lender.suites,
    )


HTTPS = _service("https", "HTTPS", "HTTPS", daemons=("nginx", "builtin"))
CERTIFICATE_CHECKER = _borrowing("certificate-checker", "certificate checker", "CertChecker", HTTPS)
MEETING_SERVER = _borrowing("meeting-server-discovery", "Meeting Server discovery", "CMS", HTTPS)
SIP = _service(
    "sip",
    "SIP",
    "SIPTLS",
    daemons=("kamailio",),
    own_protocol=True,
    restart="sip",
    default=SIP_STANDARD,
)
XMPP = _service("xmpp", "XMPP", "XCPTLS", daemons=("prosody",), restart="xcp")
UC_DISCOVERY = _service("uc-discovery", "UC server discovery", "UcClientTLS")
REVERSE_PROXY = _service("reverse-proxy", "reverse proxy", "ReverseProxyTLS", daemons=("haproxy",))
LDAP = _service("ldap", "LDAP", "LDAPTLS", daemons=("slapd",), own=True)
SMTP = _service("smtp", "SMTP mail server", "SMTPTLS", daemons=("postfix",))
TMS = _service("tms", "TMS Provisioning Service", "TMSTLS", own=True)

SERVICES: dict[str, Service] = {
    service.id: service
    for service in (
        HTTPS,
        CERTIFICATE_CHECKER,
        MEETING_SERVER,
        SIP,
        XMPP,
        UC_DISCOVERY,
        REVERSE_PROXY,
        LDAP,
        SMTP,
        TMS,
    )
}
"""The ten services of TL-1 by identifier."""

SIP_VERSIONS = Setting(
    path="SIP Advanced SipTlsVersions",
    kind=Choice(*SIP_JOINS),
    default="TLSv1.2",
    restart="sip",
    page="xsec tls set sip --minimum-version",
    help="TLS versions of SIP; its lowest counts where Ciphers SIPTLSProtocol is not set",
    other="TLSv1:TLSv1.1:TLSv1.2 (command reference X15.0)",
)
SIP_DH_SIZE = Setting(
    path="SIP Advanced SipTlsDhKeySize",
    option="--dh-key-size",
    kind=Numbers(1024, 2048, 3072, 4096, unit="bits"),
    default=2048,
    restart="sip",
    help="Size of the Diffie-Hellman group for inbound SIP TLS; OpenSSL refuses 1024 at its usual level",
    other="1024 (command reference X15.0)",
)
ANONYMOUS_INBOUND = Setting(
    path="Ciphers SIPTLSAnonymousInbound Value",
    option="--allow-anonymous-inbound",
    kind=OnOff(),
    default="Off",
    own=True,
    restart="sip",
    page="xsec tls set sip --allow-anonymous-inbound",
    help="Offer callers suites without authentication where the string has them; an alarm is raised",
)


def _all() -> tuple[Setting[Any], ...]:
    found: dict[str, Setting[Any]] = {}
    for service in SERVICES.values():
        for setting in (service.protocol, service.ciphers, service.suites):
            found.setdefault(setting.path, setting)
    return (*found.values(), SIP_VERSIONS, SIP_DH_SIZE, ANONYMOUS_INBOUND)


SETTINGS: tuple[Setting[Any], ...] = _all()
