"""One service's TLS policy: floor, cipher string, TLS 1.3 suites, as configured and as a program gets it."""

from __future__ import annotations

from dataclasses import dataclass

from xsec.errors import InvalidValue
from xsec.state.snapshot import Snapshot
from xsec.tls.ciphers import tokens
from xsec.tls.settings import ANONYMOUS_INBOUND, SERVICES, SIP, SIP_VERSIONS, Service
from xsec.tls.versions import Version, from_floor, version


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProfile:
    """The policy of one service.

    `ciphers` is the string as set, `inbound` the one a listener gets.  `ciphersuites` are those of TLS 1.3.
    """

    service: str
    minimum_version: Version
    ciphers: str
    inbound: str
    ciphersuites: tuple[str, ...]

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions that are let in, oldest first."""
        return from_floor(self.minimum_version)


def service(name: str) -> Service:
    """The service of an identifier; `InvalidValue` names those there are."""
    try:
        return SERVICES[name.casefold()]
    except KeyError:
        raise InvalidValue(
            f"no service {name!r}", allowed=f"one of {', '.join(SERVICES)}", remedy="xsec tls show"
        ) from None


def profile(snapshot: Snapshot, name: str) -> ServiceProfile:
    """The policy of a service in a snapshot."""
    policy = service(name)
    floor = minimum_version(snapshot, policy)
    string = snapshot[policy.ciphers]
    return ServiceProfile(
        service=policy.id,
        minimum_version=floor,
        ciphers=string,
        inbound=listening(string, floor, policy.id, anonymous=snapshot[ANONYMOUS_INBOUND] == "On"),
        ciphersuites=tokens(snapshot[policy.suites]),
    )


def minimum_version(snapshot: Snapshot, policy: Service) -> Version:
    """The floor of a service; for SIP the lowest of SipTlsVersions where the floor itself is not set."""
    if policy is SIP and policy.protocol.folded not in snapshot.values:
        found = [version(word) for word in snapshot[SIP_VERSIONS].split(":")]
        return min(v for v in found if v is not None)
    floor = version(snapshot[policy.protocol])
    if floor is None:  # the setting's value space holds only versions
        raise ValueError(f"{policy.protocol.path} is no version")
    return floor


def listening(string: str, floor: Version, name: str, *, anonymous: bool = False) -> str:
    """The string for a listener.

    A floor below 1.2 needs security level 0 (OpenSSL signs those handshakes with SHA-1), which would also
    let in suites without authentication or encryption: they are shut out (TL-3).  Inbound SIP never offers
    anonymous suites (TL-5): `!ADH` would leave AECDH-AES128-SHA; `anonymous` undoes that, and no more.
    """
    wanted = anonymous and name == SIP.id
    if floor.legacy:
        return f"{string}:!eNULL:@SECLEVEL=0" if wanted else f"{string}:!aNULL:!eNULL:@SECLEVEL=0"
    if wanted:
        return f"{string}:@SECLEVEL=0"  # OpenSSL offers them at no other level
    return f"{string}:!aNULL" if name == SIP.id and "!aNULL" not in tokens(string) else string


def minimum_versions(snapshot: Snapshot) -> dict[str, Version]:
    """The floor of every service."""
    return {name: minimum_version(snapshot, policy) for name, policy in SERVICES.items()}
