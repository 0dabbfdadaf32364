"""Which revocation sources count for SIP TLS and XMPP, and the automatic CRL updates (RV-1, CR-1)."""

from __future__ import annotations

from typing import Any

from xsec.errors import InvalidValue
from xsec.state.kinds import Choice, OnOff, String
from xsec.state.schema import Setting


class TimeOfDay(String):
    """A time of day in UTC, `HH:MM`, 00:00 to 23:59."""

    def __init__(self) -> None:
        super().__init__(5, 5)

    def parse(self, text: str) -> str:
        hours, _, minutes = text.strip().partition(":")
        if not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
            raise InvalidValue(f"{text!r} is not a time of day", allowed=self.describe())
        if len(hours) > 2 or len(minutes) != 2 or int(hours) > 23 or int(minutes) > 59:
            raise InvalidValue(f"{text!r} is not a time of day", allowed=self.describe())
        return f"{int(hours):02}:{minutes}"

    def describe(self) -> str:
        return "<00:00..23:59> UTC"


class WebAddress(String):
    """An http or https address, or nothing."""

    def __init__(self) -> None:
        super().__init__(0, 2048)

    def parse(self, text: str) -> str:
        address = super().parse(text.strip())
        scheme, _, rest = address.partition("://")
        if address and (scheme.casefold() not in ("http", "https") or not rest.split("/")[0]):
            raise InvalidValue(f"{address!r} is not an http or https address", allowed=self.describe())
        if " " in address:
            raise InvalidValue(f"{address!r} has a blank in it", allowed=self.describe())
        if "@" in rest.split("/")[0]:
            raise InvalidValue("an address with a user name in it is not allowed", allowed=self.describe())
        return address

    def describe(self) -> str:
        return "<S: 0,2048> http or https address"


SIP_MODE = Setting(
    path="SIP TLS Certificate Revocation Checking Mode",
    kind=OnOff(),
    default="Off",
    help="Check whether certificates of SIP TLS peers are revoked; the other four rows count only when On",
    page="xsec revocation set",
)
SIP_OCSP = Setting(
    path="SIP TLS Certificate Revocation Checking OCSP Mode",
    kind=OnOff(),
    default="On",
    help="Ask the OCSP responder that the certificate names",
    page="xsec revocation set",
)
SIP_CRL = Setting(
    path="SIP TLS Certificate Revocation Checking CRL Mode",
    kind=OnOff(),
    default="On",
    help="Use revocation lists: uploaded, downloaded, and from distribution points",
    page="xsec revocation set",
)
SIP_FETCH = Setting(
    path="SIP TLS Certificate Revocation Checking CRL Network Fetch Mode",
    kind=OnOff(),
    default="On",
    help="Download revocation lists from the distribution points that certificates name",
    page="xsec revocation set",
)
SIP_FALLBACK = Setting(
    path="SIP TLS Certificate Revocation Checking Source Inaccessibility Behavior",
    kind=Choice("Ignore", "Fail"),
    default="Ignore",
    help="When no source answers: Ignore treats the certificate as not revoked, Fail as revoked",
    other="Fail (command reference X15.0)",
    page="xsec revocation set",
)
XCP_ENABLED = Setting(
    path="XCP TLS Certificate CVS EnableCvs",
    kind=OnOff(),
    default="On",
    help="Verify certificates of XMPP peers; Off makes the other seven rows of CVS inert",
)
XCP_CHECK = Setting(
    path="XCP TLS Certificate CVS CertificateRevocationCheck",
    kind=OnOff(),
    default="Off",
    help="Check whether certificates of XMPP peers are revoked",
)
XCP_OCSP = Setting(
    path="XCP TLS Certificate CVS UseOcsp",
    kind=OnOff(),
    default="On",
    help="Ask the OCSP responder that an XMPP peer's certificate names",
)
XCP_CRL = Setting(
    path="XCP TLS Certificate CVS UseCrl",
    kind=OnOff(),
    default="On",
    help="Use revocation lists for XMPP peers",
)
XCP_FETCH = Setting(
    path="XCP TLS Certificate CVS CrlNetworkFetchEnabled",
    kind=OnOff(),
    default="On",
    help="Download revocation lists from distribution points for XMPP peers",
)
XCP_FAIL = Setting(
    path="XCP TLS Certificate CVS FailOnInaccessibleSource",
    kind=OnOff(),
    default="On",
    help="Treat an XMPP peer's certificate as revoked when no source answers",
)
XCP_NAME = Setting(
    path="XCP TLS Certificate CVS VerifyHostname",
    kind=OnOff(),
    default="On",
    help="Compare an XMPP peer's host name with its certificate",
)
XCP_LOOKUP = Setting(
    path="XCP TLS Certificate CVS ConvertIpToHostname",
    kind=OnOff(),
    default="On",
    help="Look up the host name of an XMPP peer known by IP address before the comparison",
)
UPDATE_MODE = Setting(
    path="CRL Update Mode",
    kind=OnOff(),
    default="Off",
    own=True,
    help="Download revocation lists from the distribution points every day",
    page="xsec crl schedule set",
)
UPDATE_TIME = Setting(
    path="CRL Update Time",
    kind=TimeOfDay(),
    default="02:00",
    own=True,
    help="When the daily download of revocation lists begins",
    page="xsec crl schedule set",
)
UPDATE_PROXY = Setting(
    path="CRL Update Proxy",
    kind=WebAddress(),
    default="",
    own=True,
    help="Proxy for the download of revocation lists; empty is none",
    page="xsec crl schedule set",
)
POINT_URL = Setting(
    path="CRL Update Point [1..n] Url",
    kind=WebAddress(),
    default="",
    own=True,
    help="A distribution point from which revocation lists are downloaded",
    page="xsec crl points add",
)

SETTINGS: tuple[Setting[Any], ...] = (
    SIP_MODE,
    SIP_OCSP,
    SIP_CRL,
    SIP_FETCH,
    SIP_FALLBACK,
    XCP_ENABLED,
    XCP_CHECK,
    XCP_OCSP,
    XCP_CRL,
    XCP_FETCH,
    XCP_FAIL,
    XCP_NAME,
    XCP_LOOKUP,
    UPDATE_MODE,
    UPDATE_TIME,
    UPDATE_PROXY,
    POINT_URL,
)
