"""Prometheus loads the alert rules and fires them, and the dashboard asks for what there is."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.programs import need

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/alerts.yaml"
OPERATE = (ROOT / "docs/operate.md").read_text()
DASHBOARD = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNBOOK = f"{PROJECT['urls']['Repository']}/blob/main/docs/operate.md"
RULES = {
    rule["alert"]: rule
    for group in yaml.safe_load(ALERTS.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
CALLS = 'sanic_swap_spotify_calls_total{job="x",outcome="%s"}'
REQUESTS = 'sanic_swap_requests_total{job="x",endpoint="/refresh",outcome="%s"}'
LAG = "sanic_swap_event_loop_lag_seconds"
CALL_SECONDS = "sanic_swap_spotify_call_duration_seconds"
UP = 'up{job="x",instance="%s"}'
BUILD = 'sanic_swap_build_info{job="x",instance="%s",version="%s"}'
STARTED = 'process_start_time_seconds{job="x",instance="y"}'
KEY = 'sanic_swap_key_info{job="x",instance="%s",key="%s",use="%s"}'
HELD = 'sanic_swap_tokens_held_total{job="x",instance="%s",key="%s"}'
REFUSED = 'sanic_swap_tokens_refused_total{job="x",reason="%s"}'
ENDED = 'sanic_swap_grants_refused_total{job="x"}'
REMAINING = "sanic_swap_authorization_remaining_days"
CONNECTIONS = 'sanic_swap_connections{job="x",instance="y",state="%s"}'
CONNECTIONS_LIMIT = 'sanic_swap_connections_limit{job="x",instance="y"}'
RECLAIMED = 'sanic_swap_connections_reclaimed_total{job="x",instance="y",state="idle"}'
DROPPED = 'sanic_swap_log_lines_dropped_total{job="x",instance="y"}'
# What Prometheus sees, minute by minute, and which alert has to fire after ten minutes.
TROUBLES = {
    "SanicSwapDown": {UP % "y": "1x5 0x9", BUILD % ("y", 1): "1x5 _x9"},
    "SanicSwapInstanceDown": {
        UP % "y": "1x2 0x20",
        BUILD % ("y", 1): "1x2 _x20",
        UP % "z": "1x22",
        BUILD % ("z", 1): "1x22",
    },
    "SanicSwapRestarting": {BUILD % ("y", 1): "1x20", STARTED: "1 1 2 3 4 5x20"},
    "SanicSwapTemporaryKey": {KEY % ("y", "temporary", "current"): "1x20"},
    "SanicSwapCredentialsRefused": {CALLS % "credentials_refused": "0 0 0 0 0 0 0 1x9"},
    # The key that was current is in nobody's settings any more, and its tokens come.
    "SanicSwapKeyLost": {
        KEY % ("y", "old", "current"): "1x3 _x20",
        KEY % ("y", "new", "current"): "_x3 1x20",
        HELD % ("y", "unknown"): "0+5x20",
    },
    "SanicSwapTokensHeld": {REQUESTS % "token_held": "0+5x20", REQUESTS % "ok": "0+20x20"},
    "SanicSwapMassLogout": {ENDED: "0+10x20"},
    "SanicSwapTokensRefused": {REFUSED % "retired_key": "0+20x20"},
    "SanicSwapAuthorizationsEnd": {
        f'{REMAINING}_bucket{{job="x",le="14.0"}}': "0+3x90",
        f'{REMAINING}_count{{job="x"}}': "0+10x90",
    },
    "SanicSwapSpotifyFails": {'sanic_swap_spotify_breaker_open{job="x"}': "1x20"},
    "SanicSwapSpotifyUnreachable": {
        CALLS % "spotify_unreachable": "0+6x20",
        CALLS % "tokens": "0+1x20",
    },
    "SanicSwapSpotifySlow": {
        f'{CALL_SECONDS}_bucket{{job="x",le="2.5"}}': "0+1x20",
        f'{CALL_SECONDS}_bucket{{job="x",le="8.0"}}': "0+9x20",
        f'{CALL_SECONDS}_bucket{{job="x",le="+Inf"}}': "0+9x20",
    },
    "SanicSwapThrottled": {'sanic_swap_spotify_hold_back_seconds{job="x"}': "600-60x9 60x9"},
    "SanicSwapRefusalsHeldBack": {'sanic_swap_revocation_guard_holding{job="x"}': "0x8 1x9"},
    "SanicSwapStoreLost": {'sanic_swap_store_lost{job="x"}': "1x20"},
    "SanicSwapTooBusy": {REQUESTS % "too_busy": "0+5x20"},
    "SanicSwapConnections": {CONNECTIONS % "body": "1700x20", CONNECTIONS_LIMIT: "2000x20"},
    "SanicSwapLogLinesDropped": {DROPPED: "0x8 50x9"},
    "SanicSwapEventLoopLag": {
        f'{LAG}_bucket{{job="x",instance="y",le="0.1"}}': "0+60x20",
        f'{LAG}_bucket{{job="x",instance="y",le="0.5"}}': "0+120x20",
        f'{LAG}_bucket{{job="x",instance="y",le="+Inf"}}': "0+120x20",
    },
    "SanicSwapBug": {REQUESTS % "our_bug": "0x8 1x9"},
    "SanicSwapOpenFiles": {
        'process_open_fds{job="x",instance="y"}': "900x20",
        'process_max_fds{job="x",instance="y"}': "1000x20",
        BUILD % ("y", 1): "1x20",
    },
}
LATER = {
    "SanicSwapKeyLost": "15m",
    "SanicSwapAuthorizationsEnd": "80m",
    "SanicSwapInstanceDown": "15m",
}
# 26 hours, a value for each 5 minutes: a deploy that restarts every process and changes keys,
# users who come and go, now and then a failure. Two processes, of which one is always up.
DAY = "0+%dx100 0+%dx212"
GOOD_DAY = {
    CALLS % "tokens": DAY % (600, 600),
    CALLS % "grant_refused": DAY % (3, 3),
    CALLS % "spotify_unreachable": DAY % (1, 1),
    CALLS % "credentials_refused": DAY % (0, 0),
    REQUESTS % "ok": DAY % (600, 600),
    REQUESTS % "token_held": DAY % (0, 1),
    REQUESTS % "too_busy": DAY % (0, 0),
    REQUESTS % "our_bug": DAY % (0, 0),
    HELD % ("y", "unknown"): DAY % (0, 1),
    REFUSED % "altered": DAY % (1, 1),
    ENDED: DAY % (1, 1),
    f'{REMAINING}_bucket{{job="x",le="14.0"}}': DAY % (1, 1),
    f'{REMAINING}_count{{job="x"}}': DAY % (10, 10),
    RECLAIMED: DAY % (0, 0),
    CONNECTIONS % "idle": "1900x312",
    CONNECTIONS % "request": "40x312",
    CONNECTIONS_LIMIT: "2000x312",
    DROPPED: DAY % (0, 0),
    'sanic_swap_spotify_breaker_open{job="x"}': "0x312",
    'sanic_swap_spotify_hold_back_seconds{job="x"}': "0x312",
    f'{CALL_SECONDS}_bucket{{job="x",le="2.5"}}': DAY % (600, 600),
    f'{CALL_SECONDS}_bucket{{job="x",le="+Inf"}}': DAY % (601, 601),
    UP % "y": "1x99 0 1x212",
    BUILD % ("y", 1): "1x99 _ _x212",
    BUILD % ("y", 2): "_x99 _ 1x212",
    STARTED: "1x100 2x212",
    UP % "z": "1x101 0 1x210",
    BUILD % ("z", 1): "1x312",
    KEY % ("y", "old", "current"): "1x100 _x212",
    KEY % ("y", "old", "previous"): "_x100 1x212",
    KEY % ("y", "new", "previous"): "1x100 _x212",
    KEY % ("y", "new", "current"): "_x100 1x212",
    'process_open_fds{job="other",instance="z"}': "900x312",
    'process_max_fds{job="other",instance="z"}': "1000x312",
}
# Somebody from outside sends thousands of invented tokens and codes, and opens connections.
STRANGERS = GOOD_DAY | {
    REQUESTS % "token_held": DAY % (5000, 5000),
    REQUESTS % "token_refused": DAY % (5000, 5000),
    REQUESTS % "invalid_request": DAY % (5000, 5000),
    REQUESTS % "grant_refused": DAY % (500, 500),
    CALLS % "grant_refused": DAY % (500, 500),
    HELD % ("y", "unknown"): DAY % (5000, 5000),
    HELD % ("y", "legacy"): DAY % (5000, 5000),
    REFUSED % "altered": DAY % (0, 5000),
    REFUSED % "retired_key": DAY % (0, 5000),
    RECLAIMED: DAY % (500, 500),
    DROPPED: DAY % (50, 50),
}


def promtool(*arguments):
    return subprocess.run(
        [need("promtool"), *arguments], capture_output=True, text=True, check=False
    )


def check_rules(tmp_path, *tests):
    """Let promtool run tests that have one interval."""
    file = tmp_path / "test.yaml"
    every = tests[0]["interval"]
    rules = {"rule_files": [str(ALERTS)], "evaluation_interval": every, "tests": [*tests]}
    file.write_text(yaml.dump(rules))
    run = promtool("test", "rules", str(file))

    assert run.returncode == 0, run.stdout + run.stderr


def case(seen, *told, interval="1m"):
    """Return a test of promtool; *told*: an expression, when, and how many series it has then."""
    return {
        "interval": interval,
        "input_series": [{"series": name, "values": values} for name, values in seen.items()],
        "promql_expr_test": [
            {
                "expr": f"count({expr})",
                "eval_time": moment,
                "exp_samples": [{"labels": "{}", "value": count}] if count else [],
            }
            for expr, moment, count in told
        ],
    }


def firing(name):
    return f'ALERTS{{alertname="{name}",alertstate="firing"}}'


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions():
    for panel in panels():
        for target in panel["targets"]:
            yield target["expr"].replace("$job", ".*").replace("$__rate_interval", "5m")


def test_prometheus_takes_the_rules():
    run = promtool("check", "rules", str(ALERTS))

    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(RULES) + 1} rules found" in run.stdout  # and one that records


def test_every_alert_says_what_is_wrong_how_bad_that_is_and_what_to_do_first():
    headings = re.findall(r"^### (\w+)$", OPERATE, re.MULTILINE)
    for name, rule in RULES.items():
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"].startswith("First: ")
        assert rule["annotations"]["runbook_url"] == f"{RUNBOOK}#{name.lower()}"
        assert name in headings
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_each_alert_fires_in_its_trouble(tmp_path):
    ways = [
        *TROUBLES.items(),
        # At start, before anybody asks; and of a key that the settings know.
        ("SanicSwapCredentialsRefused", {'sanic_swap_credentials_refused{job="x"}': "1x20"}),
        (
            "SanicSwapKeyLost",
            {KEY % ("y", "new", "current"): "1x20", HELD % ("y", "other"): "0+5x20"},
        ),
    ]
    assert TROUBLES.keys() == RULES.keys()
    check_rules(
        tmp_path,
        *(case(seen, (firing(name), LATER.get(name, "10m"), 1)) for name, seen in ways),
    )


def test_none_fires_on_a_good_day_with_a_deploy_and_a_change_of_keys(tmp_path):
    fired = 'count_over_time(ALERTS{alertstate="firing"}[26h])'

    check_rules(tmp_path, case(GOOD_DAY, (fired, "26h", 0), interval="5m"))


def test_nobody_outside_can_wake_the_operator(tmp_path):
    paged = 'count_over_time(ALERTS{alertstate="firing",severity="page"}[26h])'
    ticket = (firing("SanicSwapTokensHeld"), "20h", 1)

    check_rules(tmp_path, case(STRANGERS, (paged, "26h", 0), ticket, interval="5m"))


def test_prometheus_understands_every_panel(tmp_path):
    rules = [{"record": f"panel:{n}", "expr": expr} for n, expr in enumerate(expressions())]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.dump({"groups": [{"name": "dashboard", "rules": rules}]}))

    run = promtool("check", "rules", str(file))

    assert run.returncode == 0, run.stdout + run.stderr


def test_grafana_can_tell_the_panels_apart():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]

    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places) == len({*places})
    assert all(panel["title"] and panel["targets"] for panel in panels())
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {
        "datasource",
        "job",
    }


def test_the_dashboard_begins_with_the_status_and_each_panel_says_what_it_shows():
    [first, *status] = DASHBOARD["panels"][:7]
    anchors = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading in re.findall(r"^##+ (.+)$", OPERATE, re.MULTILINE)
    }
    for panel in panels():
        [link] = panel["links"]
        page, _, anchor = link["url"].partition("#")
        assert panel["description"]
        assert (page, anchor in anchors) == (RUNBOOK, True), anchor

    assert first["title"] == "Status"
    assert {panel["type"] for panel in status} == {"stat"}


def test_only_documented_metrics_are_asked_for():
    text = "\n".join([*expressions(), *(rule["expr"] for rule in RULES.values())])
    for name in re.findall(r"sanic_swap_(\w+)", text):
        assert f"`{re.sub('_(bucket|count)$', '', name)}`" in OPERATE
