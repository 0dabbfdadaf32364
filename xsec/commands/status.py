"""The status page: what is in force, what ends next, what waits, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from xsec.commands.options import command
from xsec.output.result import Block, Fields, Result, Table, Text

if TYPE_CHECKING:
    from xsec.host import Host
    from xsec.lifecycle.page import End, Page, Step


@command(None, "status", short_help="Status page: mode, alarms, next expiries, what is pending.")
@click.pass_obj
def status(host: Host) -> Result:
    """Show mode, worst alarms, next expiries, what is pending, and what to type next.

    The exit code is 0 whenever the page can be shown; scripts ask `xsec doctor` or `xsec alarm list`.
    """
    from xsec.commands.alarm import alarms_now, rules_for
    from xsec.lifecycle import page

    if not host.store.exists():
        steps = page.FIRST_STEPS
        return Result({"set_up": False, "next": steps}, lambda: [Text(page.NOT_SET_UP), _steps(steps)])
    shown = page.page(host.snapshot(), alarms_now(host, rules_for(host)), host.schema, host.now())
    return Result({"set_up": True, "page": shown}, lambda: _view(shown))


def _view(page: Page) -> Iterator[Block]:
    made = f"generation {page.generation}" + (f", made {page.made:%Y-%m-%d %H:%M:%SZ}" if page.made else "")
    yield Fields(
        [
            *([("system", page.system_name)] if page.system_name else []),
            ("configuration", made),
            ("mode", page.mode),
            ("alarms", _alarms(page)),
            ("server certificate", _server(page)),
            ("trust list", _trust(page)),
            ("CRLs", _crls(page)),
            ("services", ", ".join(s.service for s in page.services) or "none applied yet"),
            *(("unreadable", what) for what in page.unreadable),
        ]
    )
    if page.worst:
        yield Text("")
        yield Fields(
            [(f"{a.id} {a.severity.value}", f"{a.title}: {a.object}: {a.found}") for a in page.worst],
            title="worst alarms",
        )
    if page.services:
        yield Text("")
        yield Table(
            [
                "service",
                "daemon",
                "generation",
                "proven",
                "proofs",
                "saved, not applied",
                "waits for restart",
            ],
            [
                (s.service, s.daemon, s.generation, s.proven, s.proofs, s.saved, s.waiting_for_restart)
                for s in page.services
            ],
        )
    yield Text("")
    yield _steps(page.next)


def _alarms(page: Page) -> str:
    if not page.alarms:
        return "none"
    counts = ", ".join(f"{count} {severity}" for severity, count in page.alarms.items())
    known = sum(page.alarms.values()) - page.unacknowledged
    return f"{counts} ({known} acknowledged)" if known else counts


def _server(page: Page) -> str:
    if page.server is None:
        return "none"
    issuer = "self-signed" if page.server.source == "self-signed" else f"issued by {page.server.issuer}"
    return f"{page.server.subject}, {issuer}, {_ends(page.server.ends)}"


def _trust(page: Page) -> str:
    if not page.trusted:
        return "empty"
    following = f"; next: {page.trust_ends.name} {_ends(page.trust_ends)}" if page.trust_ends else ""
    return f"{page.trusted} certificates{following}"


def _crls(page: Page) -> str:
    if not page.crls:
        return "none"
    first = page.crls[0]
    return f"{len(page.crls)}; next: {first.name} {_ends(first)}"


def _ends(end: End) -> str:
    if end.at is None or end.days is None:
        return "has no end"
    if end.days < 0:
        return f"ended {end.at:%Y-%m-%d %H:%MZ}"
    return f"ends {end.at:%Y-%m-%d %H:%MZ} (in {end.days} days)"


def _steps(steps: Iterable[Step]) -> Fields:
    return Fields([(step.command, step.why) for step in steps], title="what to type next")
