"""What fly.io reads to run this service fits it."""

import re
import tomllib
from pathlib import Path

import pytest

from sanic_swap.settings.table import Settings

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(client_id="x", client_secret="x", callback_urls=("x:y",))
# Source: https://fly.io/docs/reference/configuration/
FLY = tomllib.loads((ROOT / "fly.toml").read_text())
# fmt: off
FLY_KEYS = {
    "": {
        "app", "build", "checks", "console_command", "deploy", "env", "experimental", "files",
        "http_service", "kill_signal", "kill_timeout", "metrics", "mounts", "primary_region",
        "processes", "restart", "services", "statics", "swap_size_mb", "vm",
    },
    "build": {"args", "build-target", "builder", "buildpacks", "dockerfile", "ignorefile", "image"},
    "deploy": {
        "max_unavailable", "release_command", "release_command_timeout", "strategy",
        "wait_timeout",
    },
    "metrics": {"path", "port", "processes"},
    "http_service": {
        "auto_start_machines", "auto_stop_machines", "checks", "concurrency", "force_https",
        "http_options", "internal_port", "machine_checks", "min_machines_running", "processes",
        "tls_options",
    },
    "http_service.concurrency": {"hard_limit", "soft_limit", "type"},
    "http_service.checks": {
        "grace_period", "headers", "interval", "method", "path", "protocol", "timeout",
        "tls_server_name", "tls_skip_verify",
    },
    "vm": {
        "cpu_kind", "cpus", "gpu_kind", "gpus", "host_dedication_id", "kernel_args", "memory",
        "processes", "size",
    },
}
# fmt: on


def tables(table, name=""):
    """Yield each table of a TOML document with its name; an array's tables share theirs."""
    yield name, table
    for key, value in table.items():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict) and name + key != "env":
                yield from tables(inner, f"{name}.{key}".lstrip("."))


def test_fly_knows_every_key():
    for name, table in tables(FLY):
        assert set(table) <= FLY_KEYS[name], name


def test_fly_stops_with_a_drain_and_never_suspends():
    assert FLY["kill_signal"] in {"SIGTERM", "SIGINT"}
    assert SETTINGS.drain_delay + SETTINGS.drain_seconds < FLY["kill_timeout"] <= 300
    assert FLY["deploy"]["strategy"] == "bluegreen"
    assert FLY["deploy"]["release_command"] == "check --only-errors"
    assert FLY["http_service"]["auto_stop_machines"] == "stop"
    assert FLY["http_service"]["auto_start_machines"] is True
    assert FLY["http_service"]["min_machines_running"] >= 1


def test_fly_asks_where_the_service_answers():
    assert FLY["http_service"]["internal_port"] == int(FLY["env"]["PORT"])
    assert FLY["metrics"]["port"] == int(FLY["env"]["METRICS_PORT"])
    assert FLY["metrics"]["path"] == "/metrics"
    assert FLY["http_service"]["checks"][0]["path"] == "/readyz"


def test_fly_sends_no_more_than_the_service_takes():
    limits = FLY["http_service"]["concurrency"]

    assert limits["type"] == "requests"
    assert limits["soft_limit"] < limits["hard_limit"] == SETTINGS.max_in_flight


def test_fly_believes_the_header_that_fly_sets():
    assert FLY["env"]["REAL_IP_HEADER"] == "Fly-Client-IP"
    assert "PROXIES_COUNT" not in FLY["env"]


def test_six_commands_lead_from_the_clone_to_running():
    text = (ROOT / "docs/deploy-fly.md").read_text()
    [steps] = re.findall(r"```sh\n(fly auth.*?)```", text, re.DOTALL)

    assert len(steps.splitlines()) == 6
    assert steps in (ROOT / "README.md").read_text()
    assert steps.index("ENCRYPTION_SECRET") < steps.index("fly deploy")
