"""What the service costs, by counts that no clock decides."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import need

ROOT = Path(__file__).parents[2]
# Instructions of a request, over those of `benchmarks/floor.py` in the same run: the highest of
# the builds of Python that docs/benchmarks.md names.
RATIOS = {"/swap": 0.95, "/refresh": 1.05}
TOLERANCE = 1.1
# Libraries that take long to load, and that `serve` needs only if settings ask for them.
ON_DEMAND = {
    "cryptography", "fake_spotify", "newrelic", "prometheus_client", "redis", "trustme",
}  # fmt: skip


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


def test_serve_loads_nothing_that_settings_have_not_asked_for():
    """Run without any setting, it would stop before it loads most of it."""
    program = (
        "import sys; import sanic_swap.commands.cli, sanic_swap.settings.reading,"
        "sanic_swap.settings.risks, sanic_swap.server.process;"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )

    loaded = set(_run("-c", program).split())

    assert loaded & ON_DEMAND == set()


def _run(*arguments: str | Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout
