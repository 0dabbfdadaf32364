"""Who may log in, from where, with which password and for how long (appliance-facts 1.4, 1.6)."""

from __future__ import annotations

from typing import Any

from xsec.state.kinds import Choice, Integer, OnOff, SecretString, String
from xsec.state.schema import Setting

_STRICT = "Authentication StrictPassword"

SOURCE = Setting(
    path="Login Source Admin",
    kind=Choice("LocalOnly", "RemoteOnly", "Both"),
    default="LocalOnly",
    help="Where administrators are looked up; Both asks the local accounts first",
)
PROTOCOL = Setting(
    path="Login Remote Protocol",
    kind=Choice("LDAP"),
    default="LDAP",
    help="How remote accounts are asked",
)
LDAP_ADDRESS = Setting(
    path="Login Remote LDAP Server Address",
    kind=String(0, 128),
    default="",
    help="Name of the directory server; its certificate must carry it",
)
LDAP_RESOLUTION = Setting(
    path="Login Remote LDAP Server FQDNResolution",
    kind=Choice("AddressRecord", "SRVRecord"),
    default="AddressRecord",
    help="Whether the name is looked up as an address or as a service",
)
LDAP_PORT = Setting(
    path="Login Remote LDAP Server Port",
    kind=Integer(1, 65534),
    default=389,
    help="Port of the directory server",
)
LDAP_ENCRYPTION = Setting(
    path="Login Remote LDAP Encryption",
    kind=Choice("Off", "TLS", "StartTLS"),
    default="TLS",
    help="How the connection to the directory is protected",
    other="Off or TLS only (command reference X15.0)",
)
LDAP_CRL_CHECK = Setting(
    path="Login Remote LDAP CRLCheck",
    kind=Choice("None", "Peer", "All"),
    default="None",
    help="Check the directory's certificate against the CRLs inside the trust list: its own, or its chain's",
)
LDAP_SASL = Setting(
    path="Login Remote LDAP SASL",
    kind=Choice("None", "DIGEST-MD5"),
    default="DIGEST-MD5",
    help="How xsec authenticates to the directory",
)
LDAP_TYPE = Setting(
    path="Login Remote LDAP DirectoryType",
    kind=Choice("ActiveDirectory"),
    default="ActiveDirectory",
    help="What kind of directory it is",
)
LDAP_BASE_ACCOUNTS = Setting(
    path="Login Remote LDAP BaseDN Accounts",
    kind=String(0, 255),
    default="",
    help="Where in the directory accounts are searched",
)
LDAP_BASE_GROUPS = Setting(
    path="Login Remote LDAP BaseDN Groups",
    kind=String(0, 255),
    default="",
    help="Where in the directory groups are searched",
)
LDAP_BIND_DN = Setting(
    path="Login Remote LDAP VCS BindDN",
    kind=String(0, 255),
    default="",
    help="Distinguished name that xsec binds with",
)
LDAP_BIND_USERNAME = Setting(
    path="Login Remote LDAP VCS BindUsername",
    kind=String(0, 255),
    default="",
    help="User name that xsec binds with; only for SASL",
)
LDAP_BIND_PASSWORD: Setting[Any] = Setting(
    path="Login Remote LDAP VCS BindPassword",
    kind=SecretString(0, 60),
    default=None,
    secret=True,
    help="Password that xsec binds with",
    other="<S: 0,122>: the appliance's bound is that of its own ciphertext",
)
LDAP_NESTED_DEPTH = Setting(
    path="Login Remote LDAP SearchOptimize NestedDepth",
    kind=Integer(1, 16),
    default=16,
    help="How deep groups within groups are followed",
)
LDAP_SKIP_MEMBERS = Setting(
    path="Login Remote LDAP SearchOptimize SkipMembers",
    kind=Choice("Yes", "No"),
    default="Yes",
    help="Skip the list of members when a group is searched",
)
USER_NAME = Setting(
    path="Login User [1..n] Name",
    kind=String(0, 60),
    default="",
    help="Name of a local user",
)
USER_PASSWORD: Setting[Any] = Setting(
    path="Login User [1..n] Password",
    kind=SecretString(0, 128),
    default=None,
    secret=True,
    help="Password of a local user",
)
ACCOUNT_API = Setting(
    path="Authentication Account Admin Account [1..n] AccessAPI",
    kind=OnOff(),
    default="On",
    help="Whether the administrator may use the API",
)
ACCOUNT_WEB = Setting(
    path="Authentication Account Admin Account [1..n] AccessWeb",
    kind=OnOff(),
    default="On",
    help="Whether the administrator may log in",
)
GROUP_NAME = Setting(
    path="Authentication Account Admin Group [1..n] Name",
    kind=String(0, 128),
    default="",
    help="Name of a directory group of administrators",
)
GROUP_ENABLED = Setting(
    path="Authentication Account Admin Group [1..n] Enabled",
    kind=OnOff(),
    default="On",
    help="Whether members of the group may log in",
)
STRICT_ENABLED = Setting(
    path=f"{_STRICT} Enabled",
    kind=OnOff(),
    default="Off",
    help="Demand strict passwords of local accounts",
)
STRICT_LENGTH = Setting(
    path=f"{_STRICT} MinimumLength",
    kind=Integer(6, 255),
    default=15,
    help="Least number of characters of a strict password",
)
STRICT_COUNTS = tuple(
    Setting(
        path=f"{_STRICT} Minimum{word}",
        kind=Integer(0, 255),
        default=2,
        help=f"Least number of {what} in a strict password; 0 is no demand",
    )
    for word, what in (
        ("Digits", "digits"),
        ("LowerCase", "lower-case letters"),
        ("UpperCase", "upper-case letters"),
        ("Other", "other characters"),
    )
)
STRICT_CLASSES = Setting(
    path=f"{_STRICT} MinimumClasses",
    kind=Integer(0, 4),
    default=0,
    help="Least number of the four classes of characters in a strict password; 0 is no demand",
)
STRICT_REPEATED = Setting(
    path=f"{_STRICT} MaximumConsecutiveRepeated",
    kind=Integer(0, 255),
    default=0,
    help="How often a character may follow itself in a strict password; 0 is no limit",
)
SESSION_TIMEOUT = Setting(
    path="Management Session InactivityTimeout",
    kind=Integer(0, 65535, unit="minutes"),
    default=30,
    help="When an idle session ends; 0 is never",
)
SESSIONS_TOTAL = Setting(
    path="Management Session MaxConcurrentSessionsTotal",
    kind=Integer(0, 65535),
    default=0,
    help="How many administrators may be logged in at once; 0 is no limit",
)
SESSIONS_USER = Setting(
    path="Management Session MaxConcurrentSessionsUser",
    kind=Integer(0, 65535),
    default=0,
    help="How many sessions one administrator may have at once; 0 is no limit",
)

SETTINGS: tuple[Setting[Any], ...] = (
    SOURCE,
    PROTOCOL,
    LDAP_ADDRESS,
    LDAP_RESOLUTION,
    LDAP_PORT,
    LDAP_ENCRYPTION,
    LDAP_CRL_CHECK,
    LDAP_SASL,
    LDAP_TYPE,
    LDAP_BASE_ACCOUNTS,
    LDAP_BASE_GROUPS,
    LDAP_BIND_DN,
    LDAP_BIND_USERNAME,
    LDAP_BIND_PASSWORD,
    LDAP_NESTED_DEPTH,
    LDAP_SKIP_MEMBERS,
    USER_NAME,
    USER_PASSWORD,
    ACCOUNT_API,
    ACCOUNT_WEB,
    GROUP_NAME,
    GROUP_ENABLED,
    STRICT_ENABLED,
    STRICT_LENGTH,
    *STRICT_COUNTS,
    STRICT_CLASSES,
    STRICT_REPEATED,
    SESSION_TIMEOUT,
    SESSIONS_TOTAL,
    SESSIONS_USER,
)
