"""TLS policy of the services: show, set, and what a cipher string means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command, group
from xsec.errors import InvalidValue
from xsec.output.result import Fields, Result, Table
from xsec.tls.settings import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xsec.host import Host
    from xsec.output.result import Block
    from xsec.tls.profile import ServiceProfile

_SERVICE = click.Choice(list(SERVICES), case_sensitive=False)


@group("tls", help="Minimum TLS version and cipher suites of each service.")
def tls() -> None:
    """The group."""


@command(tls, "show", short_help="The policy of every service, or of one.")
@click.argument("service", required=False, type=_SERVICE, metavar="[SERVICE]")
@click.pass_obj
def tls_show(host: Host, service: str | None) -> Result:
    """Show minimum version, cipher string and TLS 1.3 suites."""
    from xsec.tls.profile import profile

    snapshot = host.snapshot()
    profiles = [profile(snapshot, name) for name in ([service] if service else SERVICES)]
    return Result({"services": [_policy(item) for item in profiles]}, lambda: _shown(profiles))


def _policy(item: ServiceProfile) -> dict[str, object]:
    policy = SERVICES[item.service]
    return {
        "service": item.service,
        "title": policy.title,
        "daemons": policy.daemons,
        "minimum_version": item.minimum_version.text,
        "ciphers": item.ciphers,
        "ciphers_inbound": item.inbound,
        "ciphersuites": item.ciphersuites,
        "settings": (policy.protocol.path, policy.ciphers.path, policy.suites.path),
    }


def _shown(profiles: list[ServiceProfile]) -> Iterable[Block]:
    if len(profiles) == 1:
        yield Fields((name.replace("_", " "), _words(value)) for name, value in _policy(profiles[0]).items())
        return
    yield Table(
        ["service", "minimum version", "ciphers"],
        [(item.service, item.minimum_version.text, item.ciphers) for item in profiles],
    )


def _words(value: object) -> object:
    return ", ".join(value) if isinstance(value, tuple) else value


@command(tls, "set", short_help="Change the policy of services.")
@changing
@click.argument("services", nargs=-1, type=_SERVICE, metavar="[SERVICE]...")
@click.option("--all", "everything", is_flag=True, help="Every service.")
@click.option("--minimum-version", metavar="V", help="TLSv1.0, TLSv1.1, TLSv1.2 or TLSv1.3.")
@click.option("--ciphers", metavar="S", help="OpenSSL cipher string, for TLS up to 1.2.")
@click.option("--ciphersuites", metavar="S", help="TLS 1.3 suites, with : between.")
@click.option(
    "--allow-anonymous-inbound/--no-anonymous-inbound",
    "anonymous_inbound",
    default=None,
    help="For sip: whether callers are offered suites without authentication.",
)
@click.pass_obj
def tls_set(
    host: Host,
    change: Change,
    services: tuple[str, ...],
    everything: bool,
    minimum_version: str | None,
    ciphers: str | None,
    ciphersuites: str | None,
    anonymous_inbound: bool | None,
) -> Result:
    """Set minimum version, cipher string or TLS 1.3 suites of the services named."""
    from functools import partial

    from xsec import transact
    from xsec.tls.change import plan_set

    if bool(services) is everything:
        raise InvalidValue("name services, or all of them", allowed="SERVICE..., or --all")
    plan = partial(
        plan_set,
        names=tuple(SERVICES) if everything else services,
        minimum_version=minimum_version,
        ciphers=ciphers,
        ciphersuites=ciphersuites,
        anonymous_inbound=anonymous_inbound,
    )
    return transact.change(host, change, lambda snapshot, now: plan(snapshot)).result()


@command(tls, "expand", short_help="What a cipher string selects, suite by suite.")
@click.argument("string", required=False)
@click.option("--service", type=_SERVICE, metavar="SERVICE", help="The listener's string of a service.")
@click.pass_obj
def tls_expand(host: Host, string: str | None, service: str | None) -> Result:
    """List the suites of STRING: version, key exchange, authentication, bits, weak or not."""
    from xsec.tls import describe
    from xsec.tls.profile import profile

    if (string is None) is (service is None):
        raise InvalidValue("give a cipher string, or a service", allowed="STRING, or --service SERVICE")
    text = string if string is not None else profile(host.snapshot(), service or "").inbound
    expansion = describe.expansion(text)
    return Result(expansion, lambda: describe.blocks(expansion), notes=expansion.notes)
