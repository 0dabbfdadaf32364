"""The shell: lock, recover, plan, guard, commit, record, apply (SY-2, SY-6, SY-8).

Commands hand over a pure function from a snapshot and a moment to a `Plan`; nothing else changes a store.
"""

from xsec.transact.afterwards import record, watch, write_cache
from xsec.transact.applying import enforce
from xsec.transact.how import How, Planner
from xsec.transact.making import change, replacing, rollback

__all__ = [
    "How",
    "Planner",
    "change",
    "enforce",
    "record",
    "replacing",
    "rollback",
    "watch",
    "write_cache",
]
