"""Prometheus loads the alert rules and fires them, and the dashboard asks for what there is."""

import json
import re
import subprocess
from pathlib import Path

import yaml

from tests.programs import need

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/alerts.yaml"
DASHBOARD = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
RULES = {
    rule["alert"]: rule
    for group in yaml.safe_load(ALERTS.read_text())["groups"]
    for rule in group["rules"]
}
CALLS = 'sanic_swap_spotify_calls_total{job="x",outcome="%s"}'
REQUESTS = 'sanic_swap_requests_total{job="x",endpoint="/refresh",outcome="%s"}'
LAG = "sanic_swap_event_loop_lag_seconds"
CALL_SECONDS = "sanic_swap_spotify_call_duration_seconds"
# What Prometheus sees, minute by minute, and which alert has to fire after ten minutes.
TROUBLES = {
    "SanicSwapCredentialsRefused": {CALLS % "credentials_refused": "0 0 0 0 0 0 0 1x9"},
    "SanicSwapTokensHeld": {REQUESTS % "token_held": "0 0 0 0 0 0 0 1x9"},
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
    "SanicSwapConnectionsReclaimed": {
        'sanic_swap_connections_reclaimed_total{job="x",state="idle"}': "0+30x20"
    },
    "SanicSwapLogLinesDropped": {'sanic_swap_log_lines_dropped_total{job="x"}': "0x8 50x9"},
    "SanicSwapEventLoopLag": {
        f'{LAG}_bucket{{job="x",instance="y",le="0.1"}}': "0+60x20",
        f'{LAG}_bucket{{job="x",instance="y",le="0.5"}}': "0+120x20",
        f'{LAG}_bucket{{job="x",instance="y",le="+Inf"}}': "0+120x20",
    },
    "SanicSwapBug": {REQUESTS % "our_bug": "0x8 1x9"},
    "SanicSwapOpenFiles": {
        'process_open_fds{job="x",instance="y"}': "900x20",
        'process_max_fds{job="x",instance="y"}': "1000x20",
        'sanic_swap_build_info{job="x",instance="y",version="1"}': "1x20",
    },
}
# A day on which nothing is wrong but what is wrong every day.
EVERYDAY = {
    CALLS % "tokens": "0+600x20",
    CALLS % "grant_refused": "0+3x20",
    CALLS % "spotify_unreachable": "0+1x20",
    CALLS % "credentials_refused": "0x20",
    REQUESTS % "token_refused": "0+2x20",
    REQUESTS % "token_held": "0x20",
    REQUESTS % "too_busy": "0x20",
    'sanic_swap_connections_reclaimed_total{job="x",state="idle"}': "0x20",
    'sanic_swap_log_lines_dropped_total{job="x"}': "0x20",
    'sanic_swap_spotify_breaker_open{job="x"}': "0x20",
    'sanic_swap_spotify_hold_back_seconds{job="x"}': "0x20",
    f'{CALL_SECONDS}_bucket{{job="x",le="2.5"}}': "0+600x20",
    f'{CALL_SECONDS}_bucket{{job="x",le="+Inf"}}': "0+601x20",
    'process_open_fds{job="other",instance="z"}': "900x20",
    'process_max_fds{job="other",instance="z"}': "1000x20",
}


def promtool(*arguments, text=None):
    return subprocess.run(
        [need("promtool"), *arguments], input=text, capture_output=True, text=True, check=False
    )


def series(seen):
    return [{"series": name, "values": values} for name, values in seen.items()]


def expressions():
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$job", ".*").replace("$__rate_interval", "5m")


def test_prometheus_takes_the_rules():
    run = promtool("check", "rules", str(ALERTS))

    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(RULES)} rules found" in run.stdout


def test_every_alert_says_what_is_wrong_and_how_bad_that_is():
    for rule in RULES.values():
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_each_alert_fires_in_its_trouble_and_none_on_a_day_like_any_other(tmp_path):
    assert TROUBLES.keys() == RULES.keys()
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": series(seen),
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})',
                    "eval_time": "10m",
                    "exp_samples": [{"labels": "{}", "value": 1}],
                },
            ],
        }
        for name, seen in TROUBLES.items()
    ]
    quiet = {"expr": "count(ALERTS)", "eval_time": "15m", "exp_samples": []}
    tests.append({"interval": "1m", "input_series": series(EVERYDAY), "promql_expr_test": [quiet]})
    file = tmp_path / "test.yaml"
    file.write_text(yaml.dump({"rule_files": [str(ALERTS)], "tests": tests}))

    run = promtool("test", "rules", str(file))

    assert run.returncode == 0, run.stdout + run.stderr


def test_prometheus_understands_every_panel(tmp_path):
    rules = [{"record": f"panel:{n}", "expr": expr} for n, expr in enumerate(expressions())]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.dump({"groups": [{"name": "dashboard", "rules": rules}]}))

    run = promtool("check", "rules", str(file))

    assert run.returncode == 0, run.stdout + run.stderr


def test_grafana_can_tell_the_panels_apart():
    panels = DASHBOARD["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]

    assert len({panel["id"] for panel in panels}) == len(panels) == len({*places})
    assert all(panel["title"] and panel["targets"] for panel in panels)
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {
        "datasource",
        "job",
    }


def test_only_documented_metrics_are_asked_for():
    text = "\n".join([*expressions(), *(rule["expr"] for rule in RULES.values())])
    told = (ROOT / "docs/operate.md").read_text()
    for name in re.findall(r"sanic_swap_(\w+)", text):
        assert f"`{name.removesuffix('_bucket')}`" in told
