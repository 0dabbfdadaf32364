"""The manually uploaded CRLs: one file, replaced whole (CR-4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from xsec.errors import Damaged
from xsec.state.snapshot import Section, Snapshot, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCrl:
    """A CRL with its provenance; `digest` is the SHA-256 of `der`, the object's name in the store."""

    digest: str
    der: bytes
    file: str
    uploaded: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualCrls:
    """What the last upload brought, in the order of its file."""

    crls: tuple[StoredCrl, ...] = ()


def _parse(tree: Tree, snapshot: Snapshot) -> ManualCrls:
    try:
        return ManualCrls(
            crls=tuple(
                StoredCrl(
                    digest=item["digest"],
                    der=bytes(snapshot.blob(item["digest"])),
                    file=item["file"],
                    uploaded=datetime.fromisoformat(item["uploaded"]),
                )
                for item in tree.get("manual", ())
            )
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Damaged("the section `crl` is not as xsec writes it", remedy="xsec config validate") from None


def _format(manual: ManualCrls) -> Tree:
    return {
        "manual": [
            {
                "digest": crl.digest,
                "file": crl.file,
                "uploaded": crl.uploaded.astimezone(UTC).isoformat(timespec="seconds"),
            }
            for crl in manual.crls
        ]
    }


MANUAL: Section[ManualCrls] = Section("crl", parse=_parse, format=_format, empty=ManualCrls())
