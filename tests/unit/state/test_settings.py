"""Every row of the appliance's settings in scope is declared, with the default that SY-10 decides."""

from __future__ import annotations

from typing import Any

import pytest

from xsec import catalogue
from xsec.errors import InvalidValue
from xsec.state.schema import Setting

# appliance-facts 1.1 to 1.13, row by row: path = default; `?` where the row names none
APPLIANCE = """
SIP TLS Mode = On
SIP TLS Port = 5061
SIP TCP Mode = Off
SIP UDP Mode = Off
SIP TLS Certificate Revocation Checking Mode = Off
SIP TLS Certificate Revocation Checking OCSP Mode = On
SIP TLS Certificate Revocation Checking CRL Mode = On
SIP TLS Certificate Revocation Checking CRL Network Fetch Mode = On
SIP TLS Certificate Revocation Checking Source Inaccessibility Behavior = Ignore
SIP Advanced SipTlsDhKeySize = 2048
SIP Advanced SipTlsVersions = ?
SIP Advanced SipMaxSize = 32768
SIP Advanced SipTcpConnectTimeout = 10
Ciphers SIPTLSCiphers Value = EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:+ADH
Ciphers HTTPSCiphers Value = EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
Ciphers ReverseProxyTLSCiphers Value = EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
Ciphers UcClientTLSCiphers Value = EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
Ciphers SMTPTLSCiphers Value = EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
Ciphers XCPTLSCiphers Value = EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
Ciphers HTTPSProtocol Value = minTLSv1.2
Ciphers ReverseProxyTLSProtocol Value = minTLSv1.2
Ciphers UcClientTLSProtocol Value = minTLSv1.2
Ciphers SMTPTLSProtocol Value = minTLSv1.2
Ciphers XCPTLSProtocol Value = minTLSv1.2
Authentication ADS CipherSuite = ?
Administration SSH Mode = On
Ciphers sshd_ciphers Value = aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr
Ciphers sshd_kex Value = ?
Ciphers sshd_macs Value = hmac-sha2-512,hmac-sha2-256
Ciphers sshd_pfwd_ciphers Value = aes256-ctr
Ciphers sshd_pfwd_pubkeyalgorithms Value = x509v3-rsa2048-sha256
Administration HTTP Mode = On
Administration HTTPS Mode = On
Administration LCDPanel Mode = On
Management Interface HstsMode = On
Management Interface Port = 443
Management Session InactivityTimeout = 30
Management Session MaxConcurrentSessionsTotal = 0
Management Session MaxConcurrentSessionsUser = 0
ApacheModReqTimeOut Apachebody = 20
ApacheModReqTimeOut Apacheheader = 20
ApacheModReqTimeOut Status = ?
Security CSRFProtection Status = Enabled
Authentication Certificate Mode = NotRequired
Authentication Certificate Crlcheck = All
Authentication Certificate Crlinaccessible = Ignore
Authentication Certificate UsernameRegex = ?
Authentication Certificate UsernameTemplate = #captureCommonName#
Login Source Admin = LocalOnly
Login Remote Protocol = LDAP
Login Remote LDAP Server Address = ?
Login Remote LDAP Server FQDNResolution = AddressRecord
Login Remote LDAP Server Port = 389
Login Remote LDAP Encryption = TLS
Login Remote LDAP CRLCheck = None
Login Remote LDAP SASL = DIGEST-MD5
Login Remote LDAP DirectoryType = ActiveDirectory
Login Remote LDAP BaseDN Accounts = ?
Login Remote LDAP BaseDN Groups = ?
Login Remote LDAP VCS BindDN = ?
Login Remote LDAP VCS BindUsername = ?
Login Remote LDAP VCS BindPassword = ?
Login Remote LDAP SearchOptimize NestedDepth = 16
Login Remote LDAP SearchOptimize SkipMembers = Yes
Login User [1..n] Name = ?
Login User [1..n] Password = ?
Authentication Account Admin Account [1..n] AccessAPI = On
Authentication Account Admin Account [1..n] AccessWeb = On
Authentication Account Admin Group [1..n] Name = ?
Authentication Account Admin Group [1..n] Enabled = On
Authentication StrictPassword Enabled = Off
Authentication StrictPassword MinimumLength = 15
Authentication StrictPassword MinimumDigits = 2
Authentication StrictPassword MinimumLowerCase = 2
Authentication StrictPassword MinimumUpperCase = 2
Authentication StrictPassword MinimumOther = 2
Authentication StrictPassword MinimumClasses = 0
Authentication StrictPassword MaximumConsecutiveRepeated = 0
SNMP CommunityName = public
SNMP SystemContact = Administrator
SNMP SystemLocation = ?
SNMP V1Mode = Off
SNMP V2cMode = Off
SNMP V3Mode = Off
SNMP V3AuthenticationMode = On
SNMP V3PrivacyMode = On
SNMP V3AuthenticationPassword = ?
SNMP V3PrivacyPassword = ?
SNMP V3PrivacyType = AES
SNMP V3UserName = ?
NTP Server [1..5] Address = ?
TimeZone Name = GMT
Remote Syslog [1..4] Address = ?
Remote Syslog [1..4] Crlcheck = Off
Remote Syslog [1..4] Format = bsd
Remote Syslog [1..4] Loglevel = informational
Remote Syslog [1..4] Mode = bsd
Remote Syslog [1..4] Port = 514
Remote Syslog [1..4] Transport = udp
Log Level = 1
Log CDR Service = off
Log SystemMetrics Mode = Off
Logger Network [1..n] Level = INFO
ErrorReport Mode = Off
ErrorReport CoreDump = On
ErrorReport Url = ?
ErrorReport Proxy = ?
ErrorReport Contact = ?
ExternalManager Address = ?
ExternalManager Path = tms/public/external/management/SystemManagementService.asmx
ExternalManager Protocol = HTTPS
ExternalManager Server Certificate Verification Mode = On
XCP TLS Certificate CVS EnableCvs = On
XCP TLS Certificate CVS CertificateRevocationCheck = Off
XCP TLS Certificate CVS UseOcsp = On
XCP TLS Certificate CVS UseCrl = On
XCP TLS Certificate CVS CrlNetworkFetchEnabled = On
XCP TLS Certificate CVS FailOnInaccessibleSource = On
XCP TLS Certificate CVS VerifyHostname = On
XCP TLS Certificate CVS ConvertIpToHostname = On
Registration RestrictionPolicy Service TLS Verify Mode = On
Registration RestrictionPolicy Service TLS CRLCheck Mode = Off
Registration RestrictionPolicy Service Protocol = HTTPS
Registration RestrictionPolicy Service Server [1..3] Address = ?
Zones DefaultZone SIP TLS Verify Mode = Off
Zones Zone [1..1000] DNS SIP TLS Verify Mode = Off
Zones Zone [1..1000] DNS SIP TLS Verify Subject Name = ?
Zones Zone [1..1000] TraversalServer SIP TLS Verify Mode = Off
Zones Zone [1..1000] TraversalServer SIP TLS Verify Subject Name = ?
Zones Zone [1..1000] TraversalServer SIP Transport = TLS
Zones Zone [1..1000] TraversalServer SIP Port = 7001
Zones Zone [1..1000] TraversalServer SIP Media Encryption Mode = Auto
Zones Zone [1..1000] Neighbor SIP TLS Verify Mode = Off
Zones Zone [1..1000] Neighbor SIP TLS Verify Subject Name = ?
Zones Zone [1..1000] TraversalClient SIP TLS Verify Mode = Off
Zones Zone [1..1000] TraversalClient SIP TLS Verify Subject Name = ?
Zones Zone [1..1000] Type = ?
Alternates Cluster Name = ?
Alternates ConfigurationPrimary = ?
Alternates Peer [1..6] Address = ?
IP DNS Hostname = ?
IP DNS Domain Name = ?
SystemUnit Name = ?
SystemUnit Maintenance Mode = Off
Option [1..64] Key = ?
Interworking Encryption KeySize2048 = On
Authentication ADS Encryption = TLS
Authentication H350 LdapEncryption = TLS
SIP Authentication NTLM Mode = Auto
Alarm Notification SMTP Mode = Off
Alarm Notification SMTP Server Host = ?
Alarm Notification SMTP Server Port = 587
Alarm Notification SMTP Server Email = ?
Alarm Notification SMTP Server Password = ?
Alarm Notification Email Destination Alert = ?
Alarm Notification Email Destination Critical = ?
Alarm Notification Email Destination Debug = ?
Alarm Notification Email Destination Emergency = ?
Alarm Notification Email Destination Error = ?
Alarm Notification Email Destination Info = ?
Alarm Notification Email Destination Notice = ?
Alarm Notification Email Destination Warning = ?
CollaborationEdge AllowOnboardingOverMra = ?
CollaborationEdge Enabled = ?
"""
# rules.md TL-1
OWN = """
Ciphers LDAPTLSCiphers Value = EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
Ciphers LDAPTLSProtocol Value = minTLSv1.2
Ciphers TMSTLSCiphers Value = EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
Ciphers TMSTLSProtocol Value = minTLSv1.2
Ciphers CMSTLSProtocol Value = minTLSv1.2
Ciphers CertCheckerTLSProtocol Value = minTLSv1.2
Ciphers SIPTLSProtocol Value = minTLSv1.2
Ciphers sshd_pfwd_kex Value = ecdh-sha2-nistp384
CRL Update Mode = Off
CRL Update Time = 02:00
CRL Update Proxy = ?
CRL Update Point [1..n] Url = ?
NTP Server [1..5] Authentication = Disabled
NTP Server [1..5] Hash = ?
NTP Server [1..5] KeyId = ?
NTP Server [1..5] Passphrase = ?
SNMP V3AuthenticationType = SHA
"""
ROWS = [
    (path, default, own)
    for text, own in ((APPLIANCE, False), (OWN, True))
    for path, _, default in (line.partition(" = ") for line in text.strip().splitlines())
]
BY_PATH = {setting.path: setting for setting in catalogue.SETTINGS}
EACH = pytest.mark.parametrize("setting", catalogue.SETTINGS, ids=lambda s: s.path)


def shown(setting: Setting[Any]) -> str:
    return "" if setting.default is None else setting.kind.format(setting.default)


@pytest.mark.parametrize(("path", "default", "own"), ROWS, ids=[row[0] for row in ROWS])
def test_each_row_of_the_appliance_is_declared_with_its_default(path: str, default: str, own: bool) -> None:
    assert path in BY_PATH
    assert BY_PATH[path].own is own
    if default != "?":
        assert shown(BY_PATH[path]) == default


# the same rows for the other places they stand at, or what a row is found by
IMPLIED = {
    "Zones Zone [1..1000] Name",
    "Zones DefaultZone SIP Media Encryption Mode",
    "Zones Zone [1..1000] Neighbor SIP Media Encryption Mode",
    "Zones Zone [1..1000] TraversalClient SIP Media Encryption Mode",
    "Zones Zone [1..1000] DNS SIP Media Encryption Mode",
}


def test_nothing_is_said_to_be_the_appliances_that_is_not() -> None:
    rows = {path for path, _, own in ROWS if not own}
    assert {setting.path for setting in catalogue.SETTINGS if not setting.own} == rows | IMPLIED
    assert len(rows) == 164  # counted row by row in the facts: 13+12+6+12+5+30+14+11+9+8+4+13+27


def test_each_service_has_its_own_list_of_tls_13_suites() -> None:
    suites = [path for path in BY_PATH if path.startswith("Ciphers ") and path.endswith("TLSSuites Value")]
    assert len(suites) >= 8
    assert all(BY_PATH[path].own for path in suites)


@EACH
def test_a_default_lies_in_its_own_value_space_and_reads_back(setting: Setting[Any]) -> None:
    if setting.default is None:
        assert setting.secret
    else:
        assert setting.kind.parse(shown(setting)) == setting.default


@EACH
def test_a_setting_says_what_it_is_in_one_line(setting: Setting[Any]) -> None:
    assert setting.help[0].isupper()
    assert not setting.help.endswith(".")
    assert "\n" not in setting.help
    assert setting.kind.describe().startswith("<")
    assert setting.folded == tuple(word.casefold() for word in setting.path.split())


@EACH
def test_a_value_offered_for_completion_is_allowed(setting: Setting[Any]) -> None:
    for value in setting.kind.complete():
        assert setting.kind.format(setting.kind.parse(value)) == value


@EACH
def test_a_secret_is_never_on_by_default(setting: Setting[Any]) -> None:
    assert setting.secret is (setting.kind.describe().startswith("<Secret"))
    assert not (setting.secret and setting.default)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("CRL Update Time", "2:05", "02:05"),
        ("CRL Update Point [1..n] Url", "http://crl.example/root.crl", "http://crl.example/root.crl"),
        ("Ciphers sshd_ciphers Value", "aes256gcm@openssh.com", "aes256-gcm@openssh.com"),
        ("Ciphers sshd_ciphers Value", "aes256cbc@openssh.com", "aes256-cbc"),
        ("Ciphers sshd_kex Value", "ecdh-sha2-nistp256,ecdh-sha2-nistp256", "ecdh-sha2-nistp256"),
        ("Ciphers sshd_pfwd_pubkeyalgorithms Value", "X509v3-sign-rsa", "x509v3-rsa2048-sha256"),
        ("Ciphers sshd_pfwd_pubkeyalgorithms Value", "X509v3-ssh-rsa", "x509v3-ssh-rsa"),
        ("IP DNS Hostname", "edge-1", "edge-1"),
    ],
)
def test_the_sources_spellings_are_read(path: str, text: str, value: str) -> None:
    assert BY_PATH[path].kind.parse(text) == value


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("CRL Update Time", "24:00"),
        ("CRL Update Time", "2:5"),
        ("CRL Update Time", "noon"),
        ("CRL Update Point [1..n] Url", "ftp://crl.example/"),
        ("CRL Update Point [1..n] Url", "http://user:word@crl.example/"),
        ("CRL Update Proxy", "http:///x"),
        ("Ciphers sshd_kex Value", "diffiehellman@openssh.com"),
        ("Ciphers sshd_ciphers Value", ""),
        ("Ciphers sshd_ciphers Value", "aes256-ctr,,aes128-ctr"),
        ("IP DNS Hostname", "edge.example"),
        ("IP DNS Hostname", "1edge"),
        ("SIP TLS Port", "1023"),
        ("SNMP V3PrivacyPassword", "short"),
    ],
)
def test_a_value_outside_its_space_is_refused_with_what_is_allowed(path: str, text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        BY_PATH[path].kind.parse(text)
    assert caught.value.allowed


def test_an_algorithm_that_does_not_exist_is_refused_with_candidates() -> None:
    with pytest.raises(InvalidValue) as caught:
        BY_PATH["Ciphers sshd_kex Value"].kind.parse("diffiehellman@openssh.com")
    assert "diffie-hellman-group14-sha256" in caught.value.allowed


def test_what_is_read_differently_is_told() -> None:
    notes = BY_PATH["Ciphers sshd_ciphers Value"].kind.notes("aes256gcm@openssh.com,aes256-gcm@openssh.com")
    assert notes == (
        "aes256gcm@openssh.com is read as aes256-gcm@openssh.com",
        "aes256-gcm@openssh.com is named twice and counts once",
    )
