"""Runs every benchmark of this folder, or those named."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench

for name in sys.argv[1:] or sorted(
    m.name for m in pkgutil.iter_modules(bench.__path__) if m.name != "__main__"
):
    print(f"== {name}", flush=True)
    importlib.import_module(f"bench.{name}").main()
