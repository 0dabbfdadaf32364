"""What advanced account security and FIPS mode ask of the host: SNMP, time, reports, managers, options."""

from __future__ import annotations

from typing import Any

from xsec.state.kinds import Choice, Integer, OnOff, SecretString, String
from xsec.state.schema import Setting
from xsec.tls.ciphers import CipherString

SNMP_COMMUNITY = Setting(
    path="SNMP CommunityName", kind=String(0, 16), default="public", help="Community of SNMP v1 and v2c"
)
SNMP_CONTACT = Setting(
    path="SNMP SystemContact",
    kind=String(0, 70),
    default="Administrator",
    help="Whom to ask about this host",
)
SNMP_LOCATION = Setting(
    path="SNMP SystemLocation", kind=String(0, 70), default="", help="Where this host stands"
)
SNMP_V1 = Setting(path="SNMP V1Mode", kind=OnOff(), default="Off", help="Answer SNMP v1")
SNMP_V2 = Setting(
    path="SNMP V2cMode",
    kind=OnOff(),
    default="Off",
    help="Answer SNMP v2c",
    other="On (command reference X15.0)",
)
SNMP_V3 = Setting(
    path="SNMP V3Mode",
    kind=OnOff(),
    default="Off",
    help="Answer SNMP v3",
    other="On (command reference X15.0)",
)
SNMP_V3_AUTHENTICATION = Setting(
    path="SNMP V3AuthenticationMode", kind=OnOff(), default="On", help="Authenticate SNMP v3 messages"
)
SNMP_V3_AUTHENTICATION_TYPE = Setting(
    path="SNMP V3AuthenticationType",
    kind=Choice("SHA"),
    default="SHA",
    own=True,
    help="Hash that authenticates SNMP v3 messages",
)
SNMP_V3_AUTHENTICATION_PASSWORD: Setting[Any] = Setting(
    path="SNMP V3AuthenticationPassword",
    kind=SecretString(8, 215),
    default=None,
    secret=True,
    help="Password that authenticates SNMP v3 messages; at least 8 characters",
)
SNMP_V3_PRIVACY = Setting(
    path="SNMP V3PrivacyMode", kind=OnOff(), default="On", help="Encrypt SNMP v3 messages"
)
SNMP_V3_PRIVACY_TYPE = Setting(
    path="SNMP V3PrivacyType", kind=Choice("AES"), default="AES", help="Cipher of SNMP v3, AES with 128 bits"
)
SNMP_V3_PRIVACY_PASSWORD: Setting[Any] = Setting(
    path="SNMP V3PrivacyPassword",
    kind=SecretString(8, 215),
    default=None,
    secret=True,
    help="Password that encrypts SNMP v3 messages; at least 8 characters",
)
SNMP_V3_USER = Setting(path="SNMP V3UserName", kind=String(0, 70), default="", help="User of SNMP v3")

NTP_ADDRESS = Setting(
    path="NTP Server [1..5] Address",
    kind=String(0, 128),
    default="",
    help="Name or IP address of a time server",
    other="three servers of the vendor are preset",
)
NTP_AUTHENTICATION = Setting(
    path="NTP Server [1..5] Authentication",
    kind=Choice("Disabled", "SymmetricKey", "PrivateKey"),
    default="Disabled",
    own=True,
    help="How answers of the time server are authenticated; FIPS mode asks for SymmetricKey",
)
NTP_HASH = Setting(
    path="NTP Server [1..5] Hash",
    kind=Choice("SHA1", "MD5"),
    default="SHA1",
    own=True,
    help="Hash that authenticates the time server; FIPS mode asks for SHA1",
)
NTP_KEY_ID = Setting(
    path="NTP Server [1..5] KeyId",
    kind=Integer(1, 65534),
    default=1,
    own=True,
    help="Number of the key shared with the time server",
)
NTP_PASSPHRASE: Setting[Any] = Setting(
    path="NTP Server [1..5] Passphrase",
    kind=SecretString(0, 128),
    default=None,
    secret=True,
    own=True,
    help="Key shared with the time server",
)
TIME_ZONE = Setting(
    path="TimeZone Name", kind=String(0, 64), default="GMT", help="Time zone of what people are shown"
)

REPORT_MODE = Setting(
    path="ErrorReport Mode", kind=OnOff(), default="Off", help="Send reports of failures to a web service"
)
REPORT_CORE_DUMP = Setting(
    path="ErrorReport CoreDump", kind=OnOff(), default="On", help="Keep core dumps for such reports"
)
REPORT_URL = Setting(
    path="ErrorReport Url",
    kind=String(0, 128),
    default="",
    help="Web service that takes reports of failures",
    other="a service of the vendor is preset",
)
REPORT_PROXY = Setting(
    path="ErrorReport Proxy", kind=String(0, 128), default="", help="Proxy on the way to that service"
)
REPORT_CONTACT = Setting(
    path="ErrorReport Contact", kind=String(0, 128), default="", help="Whom to ask about a report"
)
MANAGER_ADDRESS = Setting(
    path="ExternalManager Address", kind=String(0, 128), default="", help="Address of the external manager"
)
MANAGER_PATH = Setting(
    path="ExternalManager Path",
    kind=String(0, 255),
    default="tms/public/external/management/SystemManagementService.asmx",
    help="Path of its web service",
)
MANAGER_PROTOCOL = Setting(
    path="ExternalManager Protocol",
    kind=Choice("HTTP", "HTTPS"),
    default="HTTPS",
    help="How the external manager is reached",
)
MANAGER_VERIFY = Setting(
    path="ExternalManager Server Certificate Verification Mode",
    kind=OnOff(),
    default="On",
    help="Verify the external manager's certificate",
)

OPTION_KEY = Setting(
    path="Option [1..64] Key",
    kind=String(0, 90),
    default="",
    local=True,
    help="An option key, recorded and never verified",
    page="xsec option-key add",
)
INTERWORKING_KEY = Setting(
    path="Interworking Encryption KeySize2048",
    kind=OnOff(),
    default="On",
    help="Use keys of 2048 bits between H.323 and SIP",
)
ADS_ENCRYPTION = Setting(
    path="Authentication ADS Encryption",
    kind=Choice("Off", "TLS"),
    default="TLS",
    help="How the connection to Active Directory is protected",
)
ADS_CIPHERS = Setting(
    path="Authentication ADS CipherSuite",
    kind=CipherString(),
    default="HIGH:MEDIUM:!ADH:!aNULL:!eNULL:-AES128-SHA256:@STRENGTH",
    help="Cipher suites of the connection to Active Directory",
    other="no default is named; this one is the example of the command reference X15.0",
)
H350_ENCRYPTION = Setting(
    path="Authentication H350 LdapEncryption",
    kind=Choice("Off", "TLS"),
    default="TLS",
    help="How the connection to the H.350 directory is protected",
)
NTLM = Setting(
    path="SIP Authentication NTLM Mode",
    kind=Choice("On", "Off", "Auto"),
    default="Auto",
    help="Challenge SIP devices with NTLM; FIPS mode asks for Off",
)

SETTINGS: tuple[Setting[Any], ...] = (
    SNMP_COMMUNITY,
    SNMP_CONTACT,
    SNMP_LOCATION,
    SNMP_V1,
    SNMP_V2,
    SNMP_V3,
    SNMP_V3_AUTHENTICATION,
    SNMP_V3_AUTHENTICATION_TYPE,
    SNMP_V3_AUTHENTICATION_PASSWORD,
    SNMP_V3_PRIVACY,
    SNMP_V3_PRIVACY_TYPE,
    SNMP_V3_PRIVACY_PASSWORD,
    SNMP_V3_USER,
    NTP_ADDRESS,
    NTP_AUTHENTICATION,
    NTP_HASH,
    NTP_KEY_ID,
    NTP_PASSPHRASE,
    TIME_ZONE,
    REPORT_MODE,
    REPORT_CORE_DUMP,
    REPORT_URL,
    REPORT_PROXY,
    REPORT_CONTACT,
    MANAGER_ADDRESS,
    MANAGER_PATH,
    MANAGER_PROTOCOL,
    MANAGER_VERIFY,
    OPTION_KEY,
    INTERWORKING_KEY,
    ADS_ENCRYPTION,
    ADS_CIPHERS,
    H350_ENCRYPTION,
    NTLM,
)
