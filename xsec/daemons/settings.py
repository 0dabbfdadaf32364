"""What the daemons of this host listen on and how they answer (appliance-facts 1.1, 1.4, 1.13)."""

from __future__ import annotations

from typing import Any

from xsec.errors import InvalidValue
from xsec.state.kinds import Choice, Integer, OnOff
from xsec.state.schema import Setting


class ListenAddress:
    """An IP address of this host, or `*` for every IPv4 address; `::` takes both families."""

    def parse(self, text: str) -> str:
        from ipaddress import ip_address

        word = text.strip()
        if word == "*":
            return word
        try:
            address = ip_address(word)
        except ValueError:
            raise InvalidValue(f"{text!r} is not an IP address", allowed=self.describe()) from None
        if "%" in word:
            raise InvalidValue("an address with a zone is not allowed", allowed=self.describe())
        return str(address)

    def format(self, value: str) -> str:
        return value

    def describe(self) -> str:
        return "<IP address, or * for all>"

    def complete(self) -> tuple[str, ...]:
        return ("*", "127.0.0.1", "::")

    def notes(self, text: str) -> tuple[str, ...]:
        return ()


SIP_TLS = Setting(
    path="SIP TLS Mode", kind=OnOff(), default="On", help="SIP over TLS, in and out; FIPS mode asks for On"
)
SIP_TLS_PORT = Setting(
    path="SIP TLS Port", kind=Integer(1024, 65534), default=5061, help="Port of SIP over TLS"
)
SIP_TCP = Setting(
    path="SIP TCP Mode", kind=OnOff(), default="Off", help="SIP over TCP; FIPS mode asks for Off"
)
SIP_UDP = Setting(
    path="SIP UDP Mode", kind=OnOff(), default="Off", help="SIP over UDP; FIPS mode asks for Off"
)
SIP_MAX_SIZE = Setting(
    path="SIP Advanced SipMaxSize",
    kind=Integer(1, 1048576, unit="octets"),
    default=32768,
    help="Largest SIP message that is taken",
)
SIP_CONNECT_TIMEOUT = Setting(
    path="SIP Advanced SipTcpConnectTimeout",
    kind=Integer(1, 150, unit="seconds"),
    default=10,
    help="How long an outgoing SIP connection may take",
)
HTTP = Setting(
    path="Administration HTTP Mode",
    kind=OnOff(),
    default="On",
    local=True,
    restart="https",
    help="Send browsers from HTTP to HTTPS; Off answers no HTTP at all",
    other="Off (system settings page)",
)
HTTPS = Setting(
    path="Administration HTTPS Mode",
    kind=OnOff(),
    default="On",
    local=True,
    restart="https",
    used_by=("nginx", "builtin"),
    help="Web interface of this host",
)
LCD_PANEL = Setting(
    path="Administration LCDPanel Mode",
    kind=OnOff(),
    default="On",
    local=True,
    help="Whether the front panel shows who the host is",
)
HSTS = Setting(
    path="Management Interface HstsMode",
    kind=OnOff(),
    default="On",
    restart="https",
    used_by=("nginx", "builtin"),
    help="Tell browsers to use HTTPS for a year (RFC 6797)",
)
HTTPS_PORT = Setting(
    path="Management Interface Port",
    kind=Integer(1, 65535),
    default=443,
    restart="https",
    used_by=("nginx", "builtin"),
    help="Port of the web interface",
    other="443, 445, 7443 or 9000 (system settings page)",
)
REQUEST_BODY = Setting(
    path="ApacheModReqTimeOut Apachebody",
    kind=Integer(0, 120, unit="seconds"),
    default=20,
    help="How long the body of a request to the web interface may take; 0 is no limit",
)
REQUEST_HEADER = Setting(
    path="ApacheModReqTimeOut Apacheheader",
    kind=Integer(0, 120, unit="seconds"),
    default=20,
    help="How long the header of a request to the web interface may take; 0 is no limit",
)
REQUEST_STATUS = Setting(
    path="ApacheModReqTimeOut Status",
    kind=OnOff(),
    default="Off",
    help="Whether the two limits of time are in force",
    other="no default is named (command reference X15.0)",
)
CSRF = Setting(
    path="Security CSRFProtection Status",
    kind=Choice("Enabled", "Disabled"),
    default="Enabled",
    help="Ask for the X-CSRF-Header in requests that change something",
    other="Disabled (command reference X15.0)",
)
ONBOARDING = Setting(
    path="CollaborationEdge AllowOnboardingOverMra",
    kind=OnOff(),
    default="Off",
    help="Onboarding by activation code over MRA: switches mTLS on at its port, with its own trust list",
)
EDGE = Setting(
    path="CollaborationEdge Enabled", kind=OnOff(), default="Off", help="Mobile and remote access (MRA)"
)
HTTPS_ADDRESS = Setting(
    path="Service Https Address",
    kind=ListenAddress(),
    default="*",
    local=True,
    own=True,
    restart="https",
    used_by=("nginx", "builtin"),
    help="Address on which the web interface listens",
)
HTTPS_DAEMON = Setting(
    path="Service Https Daemon",
    kind=Choice("nginx", "builtin"),
    default="nginx",
    local=True,
    own=True,
    restart="https",
    used_by=("xsec",),
    help="Program that carries HTTPS; builtin is a small server of xsec's own for a host without nginx",
)

SETTINGS: tuple[Setting[Any], ...] = (
    SIP_TLS,
    SIP_TLS_PORT,
    SIP_TCP,
    SIP_UDP,
    SIP_MAX_SIZE,
    SIP_CONNECT_TIMEOUT,
    HTTP,
    HTTPS,
    LCD_PANEL,
    HSTS,
    HTTPS_PORT,
    REQUEST_BODY,
    REQUEST_HEADER,
    REQUEST_STATUS,
    CSRF,
    ONBOARDING,
    EDGE,
    HTTPS_ADDRESS,
    HTTPS_DAEMON,
)
