"""What Render, DigitalOcean, Cloud Run and Kubernetes read to run this service fits it."""

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
NAMES = {spelling for variable in variables().values() for spelling in variable.spellings}
REQUIRED = {variable.name for variable in variables().values() if variable.required}
KEY = "ENCRYPTION_SECRET"
PAGE = (ROOT / "docs/deploy-platforms.md").read_text()


def documents(name):
    return list(yaml.safe_load_all((ROOT / name).read_text()))


[RENDER] = documents("render.yaml")[0]["services"]
[DO] = documents(".do/deploy.template.yaml")[0]["spec"]["services"]
[RUN] = documents("deploy/cloud-run.yaml")
[CONTAINER] = RUN["spec"]["template"]["spec"]["containers"]
KUBERNETES = {document["kind"]: document for document in documents("deploy/kubernetes.yaml")}
POD = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
[KUBE] = POD["containers"]
IMAGE_PORT = int(re.search(r"PORT=(\d+)", dict(steps((ROOT / "Dockerfile").read_text()))["ENV"])[1])


def environment(entries, name="name"):
    return {entry[name]: entry.get("value") for entry in entries}


@pytest.mark.parametrize(
    ("given", "asks"),
    [
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
    assert [entry["name"] for entry in CONTAINER["env"] if "valueFrom" in entry] == [*secret] or {
        entry["name"] for entry in CONTAINER["env"] if "valueFrom" in entry
    } == secret
    assert KUBE["envFrom"] == [{"secretRef": {"name": "sanic-swap"}}]


def test_each_sends_requests_to_the_port_of_the_image():
    [http, metrics] = KUBE["ports"]

    assert environment(RENDER["envVars"], "key")["PORT"] == str(IMAGE_PORT)
    assert DO["http_port"] == CONTAINER["ports"][0]["containerPort"] == IMAGE_PORT
    assert http == {"name": "http", "containerPort": IMAGE_PORT}
    assert str(metrics["containerPort"]) == environment(KUBE["env"])["METRICS_PORT"]


def test_each_asks_for_readiness_and_none_restarts_what_is_only_not_ready():
    paths = {name: KUBE[f"{name}Probe"]["httpGet"]["path"] for name in ("readiness", "liveness")}

    assert RENDER["healthCheckPath"] == DO["health_check"]["http_path"] == "/readyz"
    assert paths == {"readiness": "/readyz", "liveness": "/healthz"}
    assert CONTAINER["livenessProbe"]["httpGet"]["path"] == "/healthz/"


def test_each_waits_for_the_drain():
    given = environment(CONTAINER["env"])
    seconds = SETTINGS.drain_seconds
    delay = float(environment(KUBE["env"])["DRAIN_DELAY"])

    assert RENDER["maxShutdownDelaySeconds"] > seconds
    assert DO["termination"]["grace_period_seconds"] > seconds
    assert POD["terminationGracePeriodSeconds"] > seconds + delay
    assert float(given["SPOTIFY_TIMEOUT"]) + 2 < 10  # Cloud Run has no setting


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
