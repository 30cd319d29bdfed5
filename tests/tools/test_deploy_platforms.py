"""What fly.io, Render, DigitalOcean, Cloud Run and Kubernetes read to run this service fits it."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from sanic_swap.settings.table import Settings, variables
from tests.tools.dockerfile import steps

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
SETTINGS = Settings(client_id="x", client_secret="x", callback_urls=("x:y",))
DRAIN_SECONDS = SETTINGS.drain_delay + SETTINGS.drain_seconds
NAMES = {spelling for variable in variables().values() for spelling in variable.spellings}
REQUIRED = {variable.name for variable in variables().values() if variable.required}
KEY = "ENCRYPTION_SECRET"
PAGE = (ROOT / "docs/deploy-platforms.md").read_text()


def documents(name):
    return list(yaml.safe_load_all((ROOT / name).read_text()))


FLY = tomllib.loads((ROOT / "fly.toml").read_text())
[RENDER] = documents("render.yaml")[0]["services"]
[DO] = documents(".do/deploy.template.yaml")[0]["spec"]["services"]
[RUN] = documents("deploy/cloud-run.yaml")
[CONTAINER] = RUN["spec"]["template"]["spec"]["containers"]
KUBERNETES = {document["kind"]: document for document in documents("deploy/kubernetes.yaml")}
POD = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
[KUBE] = POD["containers"]
IMAGE_PORT = int(re.search(r"PORT=(\d+)", dict(steps((ROOT / "Dockerfile").read_text()))["ENV"])[1])
# Source: https://fly.io/docs/reference/configuration/ (of the tables that stand in fly.toml)
FLY_KEYS = {
    "": "app build deploy env http_service kill_signal kill_timeout metrics primary_region vm",
    "build": "args build-target dockerfile ignorefile image",
    "deploy": "release_command release_command_timeout strategy wait_timeout",
    "metrics": "path port processes",
    "http_service": "auto_start_machines auto_stop_machines checks concurrency force_https "
    "http_options internal_port min_machines_running processes tls_options",
    "concurrency": "hard_limit soft_limit type",
    "checks": "grace_period headers interval method path protocol timeout",
    "vm": "cpu_kind cpus memory processes size",
}


def environment(entries, name="name"):
    return {entry[name]: entry.get("value") for entry in entries}


def tables(table, name=""):
    """Yield each table of a TOML document with the last part of its name."""
    yield name, table
    for key, value in table.items():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict) and key != "env":
                yield from tables(inner, key)


def test_fly_knows_every_key():
    for name, table in tables(FLY):
        assert set(table) <= set(FLY_KEYS[name].split()), name


def test_fly_never_suspends_and_takes_the_old_machines_away_last():
    assert FLY["kill_signal"] in {"SIGTERM", "SIGINT"}
    assert FLY["deploy"]["strategy"] == "bluegreen"
    assert FLY["http_service"]["auto_stop_machines"] == "stop"
    assert FLY["http_service"]["auto_start_machines"] is True
    assert FLY["http_service"]["min_machines_running"] >= 1


def test_fly_sends_no_more_than_the_service_takes():
    limits = FLY["http_service"]["concurrency"]

    assert limits["type"] == "requests"
    assert limits["soft_limit"] < limits["hard_limit"] == SETTINGS.max_in_flight


def test_six_commands_lead_from_the_clone_to_running_on_fly():
    text = (ROOT / "docs/deploy-fly.md").read_text()
    [commands] = re.findall(r"```sh\n(fly auth.*?)```", text, re.DOTALL)

    assert len(commands.splitlines()) == 6
    assert commands in (ROOT / "README.md").read_text()
    assert commands.index("ENCRYPTION_SECRET") < commands.index("fly deploy")


@pytest.mark.parametrize(
    ("given", "asks"),
    [
        pytest.param(FLY["env"], False, id="fly.io, with secrets"),
        pytest.param(environment(RENDER["envVars"], "key"), True, id="Render"),
        pytest.param(environment(DO["envs"], "key"), True, id="DigitalOcean"),
        pytest.param(environment(CONTAINER["env"]), True, id="Cloud Run"),
        pytest.param(environment(KUBE["env"]), False, id="Kubernetes, with a secret"),
    ],
)
def test_settings_are_ours_and_none_is_missing(given, asks):
    readers = {variable.name: variable.read for variable in variables().values()}
    for name, value in given.items():
        if value and value != "CHANGE-ME":
            readers[name](value)

    assert given.keys() <= NAMES
    assert not asks or given.keys() >= {*REQUIRED, KEY}


def test_secrets_are_not_in_the_files():
    secret = {entry["key"] for entry in DO["envs"] if entry.get("type") == "SECRET"}

    assert secret == {"CLIENT_SECRET", KEY}
    assert {"key": KEY, "generateValue": True} in RENDER["envVars"]
    assert {"key": "CLIENT_SECRET", "sync": False} in RENDER["envVars"]
    assert {entry["name"] for entry in CONTAINER["env"] if "valueFrom" in entry} == secret
    assert KUBE["envFrom"] == [{"secretRef": {"name": "sanic-swap"}}]


def test_each_sends_requests_and_scrapes_to_the_port_that_listens():
    [http, metrics] = KUBE["ports"]

    assert FLY["http_service"]["internal_port"] == int(FLY["env"]["PORT"])
    assert environment(RENDER["envVars"], "key")["PORT"] == str(IMAGE_PORT)
    assert DO["http_port"] == CONTAINER["ports"][0]["containerPort"] == IMAGE_PORT
    assert http == {"name": "http", "containerPort": IMAGE_PORT}
    assert str(metrics["containerPort"]) == environment(KUBE["env"])["METRICS_PORT"]
    assert FLY["metrics"] == {"port": int(FLY["env"]["METRICS_PORT"]), "path": "/metrics"}


def test_each_asks_for_readiness_and_none_restarts_what_is_only_not_ready():
    paths = {name: KUBE[f"{name}Probe"]["httpGet"]["path"] for name in ("readiness", "liveness")}

    assert FLY["http_service"]["checks"][0]["path"] == "/readyz"
    assert RENDER["healthCheckPath"] == DO["health_check"]["http_path"] == "/readyz"
    assert paths == {"readiness": "/readyz", "liveness": "/healthz"}
    assert CONTAINER["livenessProbe"]["httpGet"]["path"] == "/healthz/"


def test_each_waits_for_the_drain():
    delay = float(environment(KUBE["env"])["DRAIN_DELAY"])

    assert DRAIN_SECONDS < FLY["kill_timeout"] <= 300
    assert RENDER["maxShutdownDelaySeconds"] > DRAIN_SECONDS
    assert DO["termination"]["grace_period_seconds"] > DRAIN_SECONDS
    assert POD["terminationGracePeriodSeconds"] > DRAIN_SECONDS + delay
    # Cloud Run has no setting.
    assert float(environment(CONTAINER["env"])["SPOTIFY_TIMEOUT"]) + 2 < 10


def test_fly_believes_the_header_that_fly_sets():
    assert FLY["env"]["REAL_IP_HEADER"] == "Fly-Client-IP"
    assert "PROXIES_COUNT" not in FLY["env"]


def test_a_pod_may_do_nothing_but_serve():
    assert POD["enableServiceLinks"] is False
    assert POD["automountServiceAccountToken"] is False
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert KUBE["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_repository_has_one_address():
    assert DO["git"]["repo_clone_url"] == f"{REPOSITORY}.git"
    assert f"https://render.com/deploy?repo={REPOSITORY})" in PAGE
    assert f"https://cloud.digitalocean.com/apps/new?repo={REPOSITORY}/tree/main)" in PAGE
