"""The wheel holds all of the package, and its scripts start from a folder of their own."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_holds_every_module_the_data_and_the_scripts(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("xsec", "bin", "pyproject.toml", "setup.cfg", "README.md"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(source)], check=True)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            tmp_path,
            source,
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "xsec").rglob("*.py")}
    assert modules <= held
    assert "xsec/data/intersection-ca-bundle.pem" in held
    scripts = {name.rpartition("/")[2] for name in held if ".data/scripts/" in name}
    assert scripts == {"xsec", "xconfiguration", "xstatus", "xcommand"}


def test_the_stub_starts_the_command_line_through_a_link(tmp_path: Path) -> None:
    link = tmp_path / "xsec"
    link.symlink_to(Path(sys.executable).parent / "xsec")
    ran = subprocess.run([link, "--version"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.split()[0]) == (0, "xsec")
