"""How long a start takes, as ratios to a bare Python in one run of hyperfine.

The targets are those of the project: one value at most 1.5 times bare and below openssl, help at any level at
most 4.5 times, completion at most 1.5 times.  Bare is `python -I -S -c pass` of the same Python.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.world import store

BIN = Path(sys.executable).parent
RUNS = 60
COMPLETE = "source '{script}'; COMP_WORDS=(xsec tr); COMP_CWORD=1; _xsec_xsec; echo ${{COMPREPLY[0]}}"


def commands(folder: Path) -> dict[str, str]:
    """What is measured, by name."""
    certificate = folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / "key.pem"),
         "-out", str(certificate), "-subj", "/CN=bench", "-days", "3"],
        check=True, capture_output=True,
    )  # fmt: skip
    script = folder / "completion.bash"
    script.write_bytes(
        subprocess.run([BIN / "xsec", "completion", "bash"], check=True, capture_output=True).stdout
    )
    return {
        "bare": f"{BIN}/python -I -S -c pass",
        "value": f"{BIN}/xsec xconfiguration Management Interface Port",
        "openssl": f"openssl x509 -noout -subject -in {certificate}",
        "help": f"{BIN}/xsec --help",
        "help-trust": f"{BIN}/xsec trust --help",
        "help-trust-add": f"{BIN}/xsec trust add --help",
        "completion": f'bash --norc -c "{COMPLETE.format(script=script)}"',
    }


LIMITS = {"value": 1.5, "help": 4.5, "help-trust": 4.5, "help-trust-add": 4.5, "completion": 1.5}


def main() -> None:
    """Print each median and its ratio to bare; exit 1 when a target is missed."""
    hyperfine = shutil.which("hyperfine")
    if hyperfine is None:
        print("skipped: hyperfine is not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store.make(folder / "root")
        told = folder / "told.json"
        chosen = commands(folder)
        named = [part for name, command in chosen.items() for part in ("-n", name, command)]
        subprocess.run(
            [hyperfine, "-N", "-w", "3", "-r", str(RUNS), "--export-json", str(told), *named],
            check=True, capture_output=True, env={**os.environ, "XSEC_ROOT": str(folder / "root")},
        )  # fmt: skip
        medians = {row["command"]: row["median"] for row in json.loads(told.read_text())["results"]}
    missed = [name for name, limit in LIMITS.items() if medians[name] > limit * medians["bare"]]
    missed += ["value against openssl"] if medians["value"] >= medians["openssl"] else []
    for name, median in medians.items():
        limit = f"   at most {LIMITS[name]}" if name in LIMITS else ""
        print(f"{name:16} {median * 1000:7.1f} ms   {median / medians['bare']:5.2f} x bare{limit}")
    print(f"value / openssl  {medians['value'] / medians['openssl']:.2f}   below 1")
    if missed:
        print("missed:", ", ".join(missed))
        sys.exit(1)
