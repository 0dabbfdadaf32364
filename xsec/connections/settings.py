"""Client certificates for HTTPS: whether one is asked for, and how a user name is read from it (1.5)."""

from __future__ import annotations

from typing import Any

from xsec.pki.pattern import APPLIANCE_PATTERN, DEFAULT_PATTERN, DEFAULT_TEMPLATE, Pattern, Template
from xsec.state.kinds import Choice
from xsec.state.schema import Setting

NOT_REQUIRED, VALIDATION, AUTHENTICATION = "NotRequired", "Validation", "Authentication"


class Mode(Choice):
    """Client certificate-based security; the names on the appliance's page are read too."""

    PAGE = {  # noqa: RUF012
        "not required": NOT_REQUIRED,
        "certificate validation": VALIDATION,
        "certificate-based authentication": AUTHENTICATION,
    }

    def __init__(self) -> None:
        super().__init__(NOT_REQUIRED, VALIDATION, AUTHENTICATION)

    def parse(self, text: str) -> str:
        return super().parse(self.PAGE.get(text.strip().casefold(), text))


MODE = Setting(
    path="Authentication Certificate Mode",
    option="--mode",
    kind=Mode(),
    default=NOT_REQUIRED,
    help="Client certificate-based security: none, a valid one required, or one instead of a password",
    restart="https",
    used_by=("nginx", "xsec"),
    page="xsec certauth set --mode",
)
CRL_CHECK = Setting(
    path="Authentication Certificate Crlcheck",
    option="--crl-check",
    kind=Choice("None", "Peer", "All"),
    default="All",
    help="Which certificates are checked against CRLs: none, the client's own, or all of the path",
    used_by=("nginx", "xsec"),
    page="xsec certauth set --crl-check",
)
CRL_INACCESSIBLE = Setting(
    path="Authentication Certificate Crlinaccessible",
    option="--crl-inaccessible",
    kind=Choice("Ignore", "Fail"),
    default="Ignore",
    help="Whether a certificate counts as revoked when no CRL is to be had; an expired CRL always revokes",
    used_by=("xsec",),
    page="xsec certauth set --crl-inaccessible",
)
REGEX = Setting(
    path="Authentication Certificate UsernameRegex",
    option="--regex",
    kind=Pattern(),
    default=DEFAULT_PATTERN,
    help="Pattern (PCRE, delimiters, flags) that finds the user name in the text of a certificate",
    used_by=("xsec",),
    other=f"the appliance's own default is {APPLIANCE_PATTERN}",
    page="xsec certauth set --regex",
)
TEMPLATE = Setting(
    path="Authentication Certificate UsernameTemplate",
    option="--format",
    kind=Template(),
    default=DEFAULT_TEMPLATE,
    help="How the user name is made: fixed text and #name# for a named group of the pattern",
    used_by=("xsec",),
    page="xsec certauth set --format",
)

SETTINGS: tuple[Setting[Any], ...] = (MODE, CRL_CHECK, CRL_INACCESSIBLE, REGEX, TEMPLATE)
