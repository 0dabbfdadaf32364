"""A change of services' TLS policy, worked out."""

from __future__ import annotations

from typing import Any

from xsec.errors import InvalidValue
from xsec.state.plan import Plan
from xsec.state.schema import Leaf, Setting
from xsec.state.snapshot import Snapshot
from xsec.tls.expand import expand, unwise
from xsec.tls.profile import service
from xsec.tls.settings import ANONYMOUS_INBOUND, HTTPS, SERVICES, SIP, SIP_VERSIONS, Service
from xsec.tls.versions import Version, from_floor, version


def plan_set(
    snapshot: Snapshot,
    names: tuple[str, ...],
    *,
    minimum_version: str | None = None,
    ciphers: str | None = None,
    ciphersuites: str | None = None,
    anonymous_inbound: bool | None = None,
) -> Plan:
    """Set what is given for the services named; what is not given stays."""
    if all(given is None for given in (minimum_version, ciphers, ciphersuites, anonymous_inbound)):
        raise InvalidValue("nothing to set is named", allowed="--minimum-version, --ciphers, --ciphersuites")
    settings: dict[Leaf[object], object] = {}
    warnings: list[str] = []
    everything = len(names) == len(SERVICES)
    for policy in map(service, names):
        if minimum_version is not None:
            settings.update(_floor(policy, minimum_version, warnings))
        if ciphers is not None or ciphersuites is not None:
            _refuse_borrowed(policy, everything=everything)
        if ciphers is not None:
            settings.update(_one(policy.ciphers, ciphers, warnings))
        if ciphersuites is not None:
            settings.update(_one(policy.suites, ciphersuites, warnings))
    if ciphers is not None and any(service(name) is SIP for name in names):
        warnings += _anonymous(ciphers)
    if ciphers is not None and any(service(name) is not SIP for name in names):
        told = unwise(ciphers)
        warnings += [f"the cipher string lets in {told}"] if told else []
    if anonymous_inbound is not None:
        settings.update(_anonymous_inbound(names, allowed=anonymous_inbound, warnings=warnings))
    kept = {leaf: value for leaf, value in settings.items() if snapshot.value(leaf) != value}
    return Plan(
        base=snapshot.generation,
        summary=f"TLS policy of {'all services' if everything else ', '.join(names)}",
        settings=kept,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _one(setting: Setting[Any], text: str, warnings: list[str]) -> dict[Leaf[object], object]:
    leaf: Leaf[object] = Leaf(setting, setting.words)
    warnings += setting.kind.notes(text)
    return {leaf: leaf.parse(text)}


def _floor(policy: Service, text: str, warnings: list[str]) -> dict[Leaf[object], object]:
    floor = version(text)
    if floor is None:
        raise InvalidValue(
            f"{text!r} is not a TLS version", allowed=f"one of {', '.join(v.text for v in Version)}"
        )
    if floor.legacy:
        warnings.append(
            f"{policy.id}: {floor.text} is forbidden by RFC 8996; OpenSSL takes it at security level 0 only, "
            "which also lets in SHA-1 signatures and keys under 2048 bits"
        )
    found = _one(policy.protocol, floor.minimum, warnings)
    if policy is SIP:
        joined = ":".join(_appliance(v) for v in from_floor(floor) if v < Version.TLS1_3)
        found.update(_one(SIP_VERSIONS, joined or Version.TLS1_2.text, warnings))
    return found


def _appliance(found: Version) -> str:
    return "TLSv1" if found is Version.TLS1_0 else found.text


def _refuse_borrowed(policy: Service, *, everything: bool) -> None:
    """The source gives two services no string: they use that of HTTPS (TL-2)."""
    if policy is not HTTPS and policy.ciphers is HTTPS.ciphers and not everything:
        raise InvalidValue(
            f"{policy.id} has no cipher string of its own: it uses the one of https",
            remedy="xsec tls set https --ciphers STRING",
        )


def _anonymous_inbound(
    names: tuple[str, ...], *, allowed: bool, warnings: list[str]
) -> dict[Leaf[object], object]:
    if SIP.id not in names:
        raise InvalidValue("anonymous suites inbound are a matter of sip", allowed="xsec tls set sip ...")
    if allowed:
        warnings.append(
            "sip: callers are offered suites without authentication: anybody between can read along"
        )
    return _one(ANONYMOUS_INBOUND, "On" if allowed else "Off", warnings)


def _anonymous(text: str) -> list[str]:
    if any(suite.anonymous for suite in expand(text)):
        return []
    return ["sip: without anonymous suites some legacy endpoints cannot be called (outbound only)"]
