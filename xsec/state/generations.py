"""The history of the configuration as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xsec.errors import XsecError
from xsec.state.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One generation of the configuration; `damaged` when its document does not verify."""

    generation: int
    time: datetime | None
    user: str
    command: str
    summary: str
    damaged: bool = False


def history(store: Store, last: int) -> tuple[Generation, ...]:
    """The newest `last` generations, newest first."""
    store.need()
    return tuple(_row(store, number) for number in reversed(store.numbers()[-last:]))


def _row(store: Store, number: int) -> Generation:
    try:
        origin = store.document(number).origin
    except XsecError as error:
        return Generation(generation=number, time=None, user="", command="", summary=error.what, damaged=True)
    return Generation(
        generation=number,
        time=origin.time if origin else None,
        user=origin.user if origin else "",
        command=origin.command if origin else "",
        summary=origin.summary if origin else "",
    )
