"""The actions of xCommand: those that xsec does, and those of the appliance that it does not do yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xsec.console.action import Action, Arguments, Moment, Parameter
from xsec.lifecycle import settings as own
from xsec.pki import addition, server, trust
from xsec.pki import settings as peers
from xsec.revocation import manual
from xsec.state import settings
from xsec.state.kinds import Integer, String
from xsec.state.plan import Plan
from xsec.state.schema import Leaf, Setting
from xsec.state.snapshot import Snapshot

Columns = Mapping[str, Setting[Any]]
_SYSLOG: Columns = {
    "Address": settings.SYSLOG_ADDRESS,
    "Crlcheck": settings.SYSLOG_CRL_CHECK,
    "Format": settings.SYSLOG_FORMAT,
    "Loglevel": settings.SYSLOG_LEVEL,
    "Mode": settings.SYSLOG_MODE,
    "Port": settings.SYSLOG_PORT,
    "Transport": settings.SYSLOG_TRANSPORT,
}
_NTP: Columns = {"Address": own.NTP_ADDRESS}
_NTP_ALL: Columns = {
    **_NTP,
    "Authentication": own.NTP_AUTHENTICATION,
    "Hash": own.NTP_HASH,
    "KeyId": own.NTP_KEY_ID,
    "Passphrase": own.NTP_PASSPHRASE,
}
_OPTION: Columns = {"Key": own.OPTION_KEY}
_ZONE: Columns = {"ZoneName": peers.ZONE_NAME, "Type": peers.ZONE_TYPE}
_ZONE_ALL: Columns = {s.path: s for s in peers.SETTINGS if s.path.startswith("Zones Zone [")}

# What `Default Values Set` spares at each level: settings by which an administrator reaches this host are
# critical, those by which he is looked up elsewhere belong to level 2.
_REMOTE = ("login remote", "login source")
_CRITICAL = ("administration", "management interface", "ip dns", "alternates", "option", "systemunit name")


def _rows(columns: Columns, snapshot: Snapshot) -> dict[int, Any]:
    """The rows in use by number, with the value of the first column."""
    first = next(iter(columns.values()))
    used = (Leaf(first, words) for words in snapshot.spelling.values() if _same(first, words))
    rows = {_number(first, leaf): snapshot[leaf] for leaf in used}
    return {number: value for number, value in sorted(rows.items()) if value}


def _same(setting: Setting[Any], words: tuple[str, ...]) -> bool:
    return len(words) == len(setting.words) and all(
        mine.startswith("[") or mine.casefold() == word.casefold()
        for mine, word in zip(setting.words, words, strict=True)
    )


def _number(setting: Setting[Any], leaf: Leaf[Any]) -> int:
    place = next(at for at, word in enumerate(setting.words) if word.startswith("["))
    return int(leaf.words[place])


def _top(setting: Setting[Any]) -> int:
    bound = next(word for word in setting.words if word.startswith("["))
    return int(bound.strip("[]").rpartition(".")[2])


def _adding(name: str, columns: Columns) -> Action:
    """An action that fills the first free row of an indexed group."""
    first, setting = next(iter(columns.items()))

    def plan(snapshot: Snapshot, given: Arguments, moment: Moment) -> Plan:
        rows = _rows(columns, snapshot)
        if given[first] in rows.values():
            return Plan(base=snapshot.generation, summary=name)
        free = next((n for n in range(1, _top(setting) + 1) if n not in rows), None)
        if free is None:
            raise action.refuse(f"all {_top(setting)} places are taken")
        values = {columns[key].at(free): value for key, value in given.items()}
        return Plan(base=snapshot.generation, summary=name, settings=values)

    parameters = tuple(Parameter(key, column.kind, required=key == first) for key, column in columns.items())
    action = Action(name, help=f"Adds to: {setting.path}", parameters=parameters, plan=plan)
    return action


def _deleting(name: str, columns: Columns, everything: Columns) -> Action:
    """An action that empties the row whose first column has a value."""
    first, setting = next(iter(columns.items()))

    def plan(snapshot: Snapshot, given: Arguments, moment: Moment) -> Plan:
        rows = [n for n, value in _rows(columns, snapshot).items() if value == given[first]]
        if not rows:
            raise action.refuse(f"there is no {first} {given[first]!r}")
        leaves = (column.at(number) for number in rows for column in everything.values())
        values = {leaf: None for leaf in leaves if leaf.key in snapshot.values}
        return Plan(base=snapshot.generation, summary=name, settings=values)

    parameters = (Parameter(first, setting.kind, required=True),)
    action = Action(name, help=f"Removes from: {setting.path}", parameters=parameters, plan=plan)
    return action


def _defaults(snapshot: Snapshot, given: Arguments, moment: Moment) -> Plan:
    """Back to the defaults: level 1 spares remote login and what is critical, 2 the latter, 3 nothing."""
    spared = (*(_REMOTE if given["Level"] < 2 else ()), *(_CRITICAL if given["Level"] < 3 else ()))
    values: dict[Leaf[Any], None] = {}
    for words in snapshot.spelling.values():
        path = " ".join(words).casefold()
        if not path.startswith(spared):
            values[_leaf(words)] = None
    return Plan(base=snapshot.generation, summary=f"default values, level {given['Level']}", settings=values)


def _leaf(words: tuple[str, ...]) -> Leaf[Any]:
    # only the path of a leaf counts when its value goes away
    return Leaf(settings.SYSTEM_NAME, words)


# Certificates and CRLs: the appliance has no such commands, xsec has them on purpose (SY-4)


def _trust_add(snapshot: Snapshot, given: Arguments, moment: Moment) -> Plan:
    return addition.plan_add(snapshot, [given["File"]], moment.now)


def _trust_reset(snapshot: Snapshot, given: Arguments, moment: Moment) -> Plan:
    return trust.plan_reset(snapshot, moment.now)


def _crl_upload(snapshot: Snapshot, given: Arguments, moment: Moment) -> Plan:
    return manual.plan_upload(snapshot, given["File"], moment.now, force=moment.force)


def _crl_remove(snapshot: Snapshot, given: Arguments, moment: Moment) -> Plan:
    return manual.plan_remove(snapshot)


def _install(snapshot: Snapshot, given: Arguments, moment: Moment) -> Plan:
    contents = [given[name] for name in ("File", "Key") if name in given]
    return server.plan_install(snapshot, contents, moment.now, key_id=moment.identifier, force=moment.force)


_FILE = Parameter("File", String(1, 4096, what="name of a file"), required=True)
_KEY = Parameter("Key", String(1, 4096, what="name of a file"))


def _unbuilt(names: Iterable[tuple[str, str, str]]) -> tuple[Action, ...]:
    return tuple(Action(name, help=about, instead=instead) for name, about, instead in names)


ACTIONS: tuple[Action, ...] = (
    Action(
        "Default Values Set",
        help="Puts settings back to their defaults: 1 most, 2 remote login too, 3 all",
        parameters=(Parameter("Level", Integer(1, 3), required=True),),
        plan=_defaults,
        question="Put the settings back to their defaults?",
    ),
    _adding("NTP Server Add", _NTP),
    _deleting("NTP Server Delete", _NTP, _NTP_ALL),
    _adding("Remote Syslog Add", _SYSLOG),
    _deleting("Remote Syslog Delete", _SYSLOG, _SYSLOG),
    _adding("Option Key Add", _OPTION),
    _deleting("Option Key Delete", _OPTION, _OPTION),
    _adding("Zone Add", _ZONE),
    _deleting("Zone Delete", _ZONE, _ZONE_ALL),
    Action(
        "Trusted CA Add",
        help="Adds the certificates of a file to the trusted CA list",
        parameters=(_FILE,),
        files=("File",),
        plan=_trust_add,
        own=True,
    ),
    Action(
        "Trusted CA Reset",
        help="Makes the trusted CA list the default bundle",
        plan=_trust_reset,
        question="Replace the trusted CA list by the default bundle?",
        own=True,
    ),
    Action(
        "CRL Upload",
        help="Replaces the uploaded revocation lists by those of a file",
        parameters=(_FILE,),
        files=("File",),
        plan=_crl_upload,
        own=True,
    ),
    Action(
        "CRL Remove",
        help="Removes the uploaded revocation lists",
        plan=_crl_remove,
        question="Remove the uploaded revocation lists?",
        own=True,
    ),
    Action(
        "Server Certificate Install",
        help="Installs the server certificate of a file, with its chain and key",
        parameters=(_FILE, _KEY),
        files=("File", "Key"),
        plan=_install,
        own=True,
    ),
    *_unbuilt(
        (
            ("Fips", "FIPS mode: leave, enter, status", ""),
            ("Secure Mode", "Advanced account security: on, off, status", ""),
            ("HSM Mode Read", "Whether the HSM is in use", ""),
            ("HSM Mode Write", "Switches the HSM on or off", ""),
            ("HSM Settings Read", "Settings of the HSM", ""),
            ("HSM Settings Write", "Sets provider and remote file system of the HSM", ""),
            ("HSM Modules", "Modules of the HSM", ""),
            ("HSM Module Add", "Adds a module of the HSM", ""),
            ("HSM Module Remove", "Removes a module of the HSM", ""),
            ("Certs", "Certificate signing requests", "xsec cert --help"),
            ("Domain Certs", "Certificates per domain", ""),
            ("ACME Settings Read", "ACME settings of a domain", ""),
            ("ACME Settings Write", "Sets ACME for a domain", ""),
            ("ACME Providers Read", "ACME providers", ""),
            ("ACME Providers Write", "Sets an ACME provider", ""),
            ("ACME Sign", "Orders a certificate", ""),
            ("ACME Deploy", "Installs an ordered certificate", ""),
            ("ACME Get Pending Cert", "An ordered certificate before it is installed", ""),
            ("ACME Delete Pending Cert", "Drops an ordered certificate", ""),
            ("ACME Revoke", "Revokes a certificate", ""),
            ("ACME Reset", "Forgets all of ACME", ""),
            ("Admin Account Add", "Adds an administrator", ""),
            ("Admin Account Delete", "Removes an administrator", ""),
            ("Admin Group Add", "Adds a group of administrators", ""),
            ("Admin Group Delete", "Removes a group of administrators", ""),
            ("Boot", "Reboots: xsec never reboots the host", "systemctl reboot"),
            ("Restart", "Restarts the services", "xsec apply"),
            ("Force Config Update", "Takes the configuration from the primary peer", ""),
            ("Feedback Register", "Reports events to a URL", ""),
            ("Feedback Deregister", "Ends such reports", ""),
            ("DNS Server Add", "Name servers belong to the operating system", ""),
            ("DNS Server Delete", "Name servers belong to the operating system", ""),
            ("Domain Add", "Adds a SIP domain", ""),
            ("Domain Delete", "Removes a SIP domain", ""),
            ("Policy Service Add", "Adds a policy service", ""),
            ("Policy Service Delete", "Removes a policy service", ""),
            ("CUCM Config Add", "Adds a call manager", ""),
            ("Ucxn Config Add", "Adds a voice mail server", ""),
            ("XMPP Discovery", "Finds messaging servers", ""),
            ("Custom Notification Add", "Mails one alarm elsewhere", ""),
            ("Custom Notification Delete", "Ends such mail", ""),
            ("DNS Lookup", "Looks a name up", "getent hosts NAME"),
            ("Ping", "Asks whether a host is there", "ping HOST"),
            ("Trace Path", "The way to a host", "tracepath HOST"),
            ("Trace Route", "The way to a host", "traceroute HOST"),
            ("Check Pattern", "Tries a search pattern", ""),
        )
    ),
)
