"""What the service costs, by counts that no clock decides."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import need

ROOT = Path(__file__).parents[2]
# Instructions of a request, over those of `benchmarks/floor.py` in the same run, by Python 3.12:
# another one has other ratios, and one is enough to see a change.
RATIOS = {"/swap": 0.85, "/refresh": 0.97}
TOLERANCE = 1.1
# What `serve` loads besides Sanic, aiohttp and uvloop, and what these load.
LOADED = {"sanic_swap", "nacl", "_sodium", "_cffi_backend", "resource", "ctypes", "_ctypes"}
# Of ours; the demo, the checks, the store, metrics and New Relic are not among them.
MOST_MODULES = 50


@pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="one Python counts")
@pytest.mark.timeout(600)
def test_a_request_costs_no_more_instructions_than_it_says_here():
    need("valgrind")
    need("nginx")

    counted = json.loads(_run(ROOT / "benchmarks" / "instructions.py"))

    too_dear = {
        endpoint: seen
        for endpoint, seen in counted.items()
        if seen["ratio"] > RATIOS[endpoint] * TOLERANCE
    }
    assert too_dear == {}


def test_serve_loads_no_more_than_it_says_here():
    program = """
import sys, aiohttp, sanic, uvloop
others = set(sys.modules)
import sanic_swap.commands.cli, sanic_swap.server.process
import sanic_swap.settings.reading, sanic_swap.check.risks
print(*set(sys.modules) - others)
"""

    loaded = _run("-c", program).split()

    assert {name.partition(".")[0] for name in loaded} <= LOADED
    assert sum(name.startswith("sanic_swap.") for name in loaded) <= MOST_MODULES


def _run(*arguments: str | Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout
