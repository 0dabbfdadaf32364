"""The elements of the status tree (xStatus)."""

from __future__ import annotations

from datetime import datetime
from importlib import metadata

from xsec.console.status import Element, Tree
from xsec.lifecycle import settings as own
from xsec.pki import describe
from xsec.pki.server import IDENTITIES
from xsec.pki.trust import TRUST
from xsec.revocation.manual import MANUAL
from xsec.state import settings
from xsec.state.engine import ALARMS
from xsec.state.snapshot import Snapshot


def _system_unit(snapshot: Snapshot, now: datetime) -> Tree:
    return {
        "Product": "xsec",
        "Version": metadata.version("xsec"),
        "Name": snapshot[settings.SYSTEM_NAME],
        "MaintenanceMode": snapshot[settings.MAINTENANCE_MODE],
    }


def _alarm(snapshot: Snapshot, now: datetime) -> Tree:
    return [
        {
            "ID": alarm.id,
            "Title": alarm.title,
            "Severity": alarm.severity.value,
            "Object": alarm.object,
            "Description": alarm.text or alarm.found,
            "Solution": alarm.remedy,
            "Raised": alarm.raised,
            "Acknowledged": alarm.acknowledged is not None,
        }
        for alarm in snapshot[ALARMS].alarms
    ]


def _configuration(snapshot: Snapshot, now: datetime) -> Tree:
    return {
        "Generation": snapshot.generation,
        "Time": snapshot.made,
        "Settings": len(snapshot.values),
    }


def _options(snapshot: Snapshot, now: datetime) -> Tree:
    keys = (snapshot[own.OPTION_KEY.at(number)] for number in range(1, 65))
    return [{"Key": key} for key in keys if key]


def _time(snapshot: Snapshot, now: datetime) -> Tree:
    return {"UTC": now, "TimeZone": snapshot[own.TIME_ZONE]}


def _trusted(snapshot: Snapshot, now: datetime) -> Tree:
    entries = snapshot[TRUST].entries
    return {
        "Count": len(entries),
        "Certificate": [
            {
                "Subject": describe.subject(describe.load(entry.der)),
                "NotAfter": describe.load(entry.der).not_valid_after_utc,
                "Fingerprint": entry.digest,
                "For": "all" if entry.kinds is None else ",".join(sorted(entry.kinds)),
                "Source": entry.source,
                "Added": entry.added,
            }
            for entry in entries
        ],
    }


def _server(snapshot: Snapshot, now: datetime) -> Tree:
    identity = snapshot[IDENTITIES].server
    if identity is None:
        return {"Installed": False}
    certificate = describe.load(identity.certificate)
    return {
        "Installed": True,
        "Subject": describe.subject(certificate),
        "Fingerprint": describe.fingerprint(identity.certificate),
        "NotBefore": certificate.not_valid_before_utc,
        "NotAfter": certificate.not_valid_after_utc,
        "Expired": not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc,
        "Source": identity.source,
        "Chain": len(identity.chain),
    }


def _crls(snapshot: Snapshot, now: datetime) -> Tree:
    crls = snapshot[MANUAL].crls
    return {
        "Manual": [
            {"Fingerprint": crl.digest, "File": crl.file, "Uploaded": crl.uploaded, "Octets": len(crl.der)}
            for crl in crls
        ]
    }


ELEMENTS = (
    Element("Alarm", help="Alarms that are up, worst first", read=_alarm),
    Element(
        "Configuration", help="The generation of the configuration in force", read=_configuration, own=True
    ),
    Element("Crl", help="Revocation lists that were uploaded", read=_crls, own=True),
    Element("Options", help="Option keys that were recorded", read=_options),
    Element("ServerCertificate", help="The server certificate in use", read=_server, own=True),
    Element("SystemUnit", help="What this host is", read=_system_unit),
    Element("Time", help="Time and time zone", read=_time),
    Element("TrustedCa", help="The trusted CA list", read=_trusted, own=True),
)
