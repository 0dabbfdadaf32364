"""Settings of the host itself: its name, its logs, its notifications (appliance-facts 1.8, 1.13)."""

from __future__ import annotations

from typing import Any

from xsec.errors import InvalidValue
from xsec.state.kinds import Choice, Integer, OnOff, SecretString, String
from xsec.state.schema import Setting

_HOST_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

SYSTEM_NAME = Setting(
    path="SystemUnit Name",
    kind=String(0, 50),
    default="",
    local=True,
    help="Name by which people know this host",
)
MAINTENANCE_MODE = Setting(
    path="SystemUnit Maintenance Mode",
    kind=OnOff(),
    default="Off",
    local=True,
    help="Take no new calls or registrations while the host is worked on",
)


class HostLabel(String):
    """The first label of a host name, or nothing."""

    def __init__(self) -> None:
        super().__init__(0, 63, letters=_HOST_LETTERS, what="letters, digits, hyphen, underscore")

    def parse(self, text: str) -> str:
        if text and not (text[0].isascii() and text[0].isalpha()):
            raise InvalidValue("a host name begins with a letter", allowed=self.describe())
        return super().parse(text)


HOST_NAME = Setting(
    path="IP DNS Hostname",
    kind=HostLabel(),
    default="",
    local=True,
    used_by=("xsec",),
    help="First label of this host's name; it begins with a letter",
)
DOMAIN_NAME = Setting(
    path="IP DNS Domain Name",
    kind=String(0, 128),
    default="",
    local=True,
    used_by=("xsec",),
    help="Domain that is added to names without a dot",
)
LOG_LEVEL = Setting(
    path="Log Level", kind=Integer(1, 4), default=1, help="How much the event log holds; 1 is the least"
)
LOG_CDR = Setting(
    path="Log CDR Service",
    kind=Choice("off", "serviceonly", "serviceandlogging"),
    default="off",
    help="Whether call detail records are kept, and also logged",
)
LOG_METRICS = Setting(
    path="Log SystemMetrics Mode",
    kind=OnOff(),
    default="Off",
    help="Send system metrics to a remote server",
)
LOG_NETWORK = Setting(
    path="Logger Network [1..n] Level",
    kind=Choice("FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"),
    default="INFO",
    help="How much one module writes to the network log",
)
SYSLOG_ADDRESS = Setting(
    path="Remote Syslog [1..4] Address",
    kind=String(0, 128),
    default="",
    help="Name or IP address of a remote log server",
)
SYSLOG_CRL_CHECK = Setting(
    path="Remote Syslog [1..4] Crlcheck",
    kind=OnOff(),
    default="Off",
    help="Check the log server's certificate against revocation lists",
)
SYSLOG_FORMAT = Setting(
    path="Remote Syslog [1..4] Format",
    kind=Choice("bsd", "ietf"),
    default="bsd",
    help="Message format: bsd is RFC 3164, ietf is RFC 5424",
)
SYSLOG_LEVEL = Setting(
    path="Remote Syslog [1..4] Loglevel",
    kind=Choice("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"),
    default="informational",
    help="Least severity that is sent",
)
SYSLOG_MODE = Setting(
    path="Remote Syslog [1..4] Mode",
    kind=Choice("bsd", "ietf", "ietf_secure", "user_defined"),
    default="bsd",
    help="Preset for transport and format; ietf_secure is TLS with RFC 5424",
)
SYSLOG_PORT = Setting(
    path="Remote Syslog [1..4] Port",
    kind=Integer(1, 65535),
    default=514,
    help="Port of the log server; 6514 is usual for TLS",
)
SYSLOG_TRANSPORT = Setting(
    path="Remote Syslog [1..4] Transport",
    kind=Choice("udp", "tcp", "tls"),
    default="udp",
    help="How messages travel to the log server",
)
MAIL_MODE = Setting(
    path="Alarm Notification SMTP Mode", kind=OnOff(), default="Off", help="Send alarms by mail"
)
MAIL_HOST = Setting(
    path="Alarm Notification SMTP Server Host",
    kind=String(0, 128),
    default="",
    help="Mail server that takes alarm mail",
)
MAIL_PORT = Setting(
    path="Alarm Notification SMTP Server Port",
    kind=Integer(1, 65535),
    default=587,
    help="Port of the mail server",
)
MAIL_SENDER = Setting(
    path="Alarm Notification SMTP Server Email",
    kind=String(0, 254),
    default="",
    help="Address that alarm mail comes from, and the account at the mail server",
)
MAIL_PASSWORD: Setting[Any] = Setting(
    path="Alarm Notification SMTP Server Password",
    kind=SecretString(0, 128),
    default=None,
    secret=True,
    help="Password of the account at the mail server",
)
MAIL_DESTINATIONS = tuple(
    Setting(
        path=f"Alarm Notification Email Destination {severity}",
        kind=String(0, 254),
        default="",
        help=f"Who gets mail for alarms of severity {severity}",
    )
    for severity in ("Alert", "Critical", "Debug", "Emergency", "Error", "Info", "Notice", "Warning")
)

SETTINGS: tuple[Setting[Any], ...] = (
    SYSTEM_NAME,
    MAINTENANCE_MODE,
    HOST_NAME,
    DOMAIN_NAME,
    LOG_LEVEL,
    LOG_CDR,
    LOG_METRICS,
    LOG_NETWORK,
    SYSLOG_ADDRESS,
    SYSLOG_CRL_CHECK,
    SYSLOG_FORMAT,
    SYSLOG_LEVEL,
    SYSLOG_MODE,
    SYSLOG_PORT,
    SYSLOG_TRANSPORT,
    MAIL_MODE,
    MAIL_HOST,
    MAIL_PORT,
    MAIL_SENDER,
    MAIL_PASSWORD,
    *MAIL_DESTINATIONS,
)
