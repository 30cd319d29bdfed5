"""Imports point down, each library has one door, and the two packages are strangers."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("sanic_swap", "fake_spotify")

# From the bottom up: a module imports only from sets before its own.
LEVELS = {
    "sanic_swap": [
        {
            "__init__",
            "chunks",
            "cors",
            "demo_steps",
            "errors",
            "legacy_shapes",
            "trace",
        },
        {"strict_json", "keys", "logs", "request_head", "revocation_guard", "secret"},
        {"listener", "single_flight", "store", "swap_requests", "version"},
        {"retries"},
        {"client_address", "rate_counts", "rates"},
        # Pure: what a request, a token, an answer or a setting is.
        {"body", "demo_page", "error_responses", "grant_id", "in_flight"},
        {"sealing", "setting_values"},
        {"breaker", "token_answer"},
        {"exchange"},
        {"endpoint", "legacy_tokens", "parameters", "refreshed", "settings"},
        {
            "kept_answers",
            "key_list",
            "legacy_ciphers",
            "legacy_settings",
            "loss",
            "setting_sources",
        },
        {"legacy_survival", "outcomes", "settings_reader", "store_sealing"},
        {"check_report", "risks", "survival"},
        # The outside world, and what we do with it. Nothing from here down knows Sanic.
        {"redis_store", "spotify"},
        # Several requests, and several machines, side by side.
        {"revocations", "shared_counts", "store_flights"},
        {"rate_limit", "shared_refreshes"},
        {"swap"},
        {"metrics_state"},
        {"metrics", "new_relic"},
        {"parts"},
        # The web.
        {"access_log", "answers", "http_errors"},
        {"api", "edge", "openapi", "ops"},
        {"strict_http", "watched_app"},
        {"app"},
        {"connection"},
        {"check_spotify"},
        # What can be started.
        {"check", "demo", "server", "token_commands"},
        {"cli"},
        {"__main__"},
    ],
    "fake_spotify": [
        {"certificates", "clock", "control_page", "matching", "outages", "pkce", "randomness"},
        {"redirects", "replies", "scopes", "token_requests", "wordings"},
        # What there is: rules, grants, requests that were seen, faults that are to come.
        {"edge", "journal", "ledger", "policy"},
        {"expectations", "faults"},
        {"fault_answers", "fault_queue", "fault_variations", "fault_wires", "wire"},
        {"apps"},
        # What Spotify does, without its network.
        {"authorization", "choices", "credentials", "settings"},
        {"accounts", "config", "controls", "fault_kinds", "pages", "wanted"},
        {"descriptions", "exchange", "openapi", "options", "profile", "registry"},
        # The web, and what can be started.
        {"dressing", "web_control"},
        {"web_accounts", "web_api"},
        {"server"},
        {"__main__", "fake"},
        {"__init__", "pytest_plugin"},
    ],
}
WEB = {"access_log", "answers", "api", "app", "connection", "edge", "http_errors", "openapi", "ops"}
WEB |= {"strict_http", "watched_app"}
DOORS = {
    "sanic_swap": {
        # A connection, and the sessions that use it.
        "aiohttp": {"endpoint", "exchange"},
        "cryptography": {"legacy_ciphers"},
        "dotenv": {"setting_sources"},
        "limits": {"rate_counts", "rate_limit", "rates", "shared_counts"},
        "nacl": {"keys", "sealing", "store_sealing"},  # Argon2, and SecretBox
        "newrelic": {"new_relic"},
        "prometheus_client": {"metrics", "metrics_state"},
        "redis": {"redis_store"},
        "sanic": WEB,
        "uvloop": {"server"},
        "yarl": {"endpoint"},
    },
    "fake_spotify": {
        "aiohttp": {"exchange", "server", "web_accounts", "web_api", "web_control", "wire"},
        "pytest": {"pytest_plugin"},
        "trustme": {"certificates"},
    },
}
each_package = pytest.mark.parametrize("package", OURS)


@cache
def modules(package):
    """Return each module of *package* and the dotted names that it imports, anywhere in it."""
    return {
        path.relative_to(ROOT / package).with_suffix("").as_posix(): set(imported(path))
        for path in (ROOT / package).rglob("*.py")
    }


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                # `from package import module` names a module, too.
                yield from (f"{module}.{name.name}" for name in names)
            case ast.ImportFrom():
                yield "a relative import"


def neighbours(package, names):
    """Return the modules of *package* that *names* stand for."""
    known = modules(package)
    for name in names:
        first, _, rest = name.partition(".")
        if first == package:
            module = rest.partition(".")[0]
            yield module if module in known else "__init__"


@each_package
def test_every_module_has_one_level(package):
    listed = [module for level in LEVELS[package] for module in level]

    assert sorted(listed) == sorted(modules(package))


@each_package
def test_imports_point_down(package):
    below = {}
    for number, level in enumerate(LEVELS[package]):
        below |= dict.fromkeys(level, set().union(*LEVELS[package][:number]))

    upwards = {
        f"{module} imports {other}"
        for module, names in modules(package).items()
        for other in neighbours(package, names)
        if other not in below.get(module, ())
    }

    assert upwards == set()


@each_package
def test_each_library_has_its_door(package):
    doors = {}
    for module, names in modules(package).items():
        for library in {name.partition(".")[0] for name in names}:
            if library not in sys.stdlib_module_names and library not in OURS:
                doors.setdefault(library, set()).add(module)

    assert doors == DOORS[package]


@each_package
def test_the_packages_are_strangers(package):
    [other] = set(OURS) - {package}
    known = {name.partition(".")[0] for names in modules(package).values() for name in names}

    assert other not in known
