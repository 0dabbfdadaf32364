"""Applying what was saved to the daemons, under the lock, and telling of it."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from xsec.errors import RolledBack, XsecError
from xsec.state import journal
from xsec.state.outcome import Outcome
from xsec.transact.afterwards import attempt, log_events, watch
from xsec.transact.how import only_now

if TYPE_CHECKING:
    from xsec.daemons.enforce.prove import ClientProof
    from xsec.daemons.enforce.report import Report
    from xsec.host import Host


def recover(host: Host) -> None:
    """Finish or undo an apply that was killed; the caller holds the lock."""
    if not host.files.names(journal.FOLDER):
        return
    from xsec.daemons.enforce import undo

    for told in undo.recover(host):
        host.terminal.say(f"xsec: {told}")


def enforce(
    host: Host,
    services: tuple[str, ...] = (),
    *,
    dry_run: bool = False,
    force: bool = False,
    fail_closed: bool = False,
    without_crl: bool = False,
    restart: bool = False,
    proofs: tuple[ClientProof, ...] = (),
) -> Report:
    """Apply the configuration in force, under the store's lock; a prediction takes none.

    `proofs` are clients of the operator's own that the live daemon must accept or refuse.
    """
    from xsec.daemons.enforce import apply

    if not dry_run:
        only_now(host)
    with nullcontext() if dry_run else host.store.locked():
        try:
            report = apply.apply(
                host,
                host.snapshot(),
                services=services,
                dry_run=dry_run,
                force=force,
                fail_closed=fail_closed,
                without_crl=without_crl,
                restart=restart,
                proofs=proofs,
                open_secret=host.open_secret,
                now=host.now(),
            )
        except XsecError as error:
            if not dry_run:
                attempt(host, "the log", partial(_log_failure, host, error))
            raise
        if not dry_run:
            attempt(host, "the log", partial(_log_applied, host, report, force=force))
            attempt(host, "the alarms", lambda: watch(host))
    return report


def _log_applied(host: Host, report: Report, *, force: bool) -> None:
    done = [service for service in report.services if service.changed]
    told = [
        (
            "Service Applied",
            {
                "service": service.service,
                "daemon": service.daemon,
                "generation": report.generation,
                "proofs": len(service.rehearsed) + len(service.proofs),
                "forced": "yes" if force else "no",
            },
        )
        for service in done
    ]
    log_events(host, told)


def _log_failure(host: Host, error: XsecError) -> None:
    event = "Apply Rolled Back" if isinstance(error, RolledBack) else "Apply Refused"
    log_events(host, [(event, {"detail": error.what, "where": error.where})])


def unapplied(host: Host) -> tuple[str, ...]:
    """The services whose daemons were given something else than what is saved now."""
    from xsec.daemons.base import APPLIED
    from xsec.daemons.enforce import effective

    snapshot = host.store.snapshot()
    applied = snapshot[APPLIED]
    return tuple(name for name in applied if effective.unapplied(snapshot, name, applied[name]))


def predict(host: Host, outcome: Outcome) -> Report:
    """What applying would do once the change was made; nothing is written."""
    from xsec.daemons.enforce import apply

    return apply.apply(host, outcome.after, dry_run=True, open_secret=host.open_secret, now=host.now())
