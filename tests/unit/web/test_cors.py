"""Which web origins may read the answers."""

import logging

import pytest

from sanic_swap.web.cors import Cors

APP, NATIVE = "https://app.example", "capacitor://localhost"
LISTED = [APP, NATIVE, "http://localhost:5173"]


@pytest.mark.parametrize(
    ("listed", "origin", "allowed"),
    [
        (LISTED, APP, APP),
        (LISTED, NATIVE, NATIVE),
        (LISTED, "http://localhost:5173", "http://localhost:5173"),
        (["null"], "null", "null"),
        (["*"], "null", "*"),
        (["*"], "capacitor://x", "*"),
        ([APP, "*"], "https://other.example", "*"),
    ],
)
def test_a_listed_origin_may_read_every_answer_without_credentials(listed, origin, allowed):
    cors = Cors(listed)

    assert cors.headers(origin) == {
        "Access-Control-Allow-Origin": allowed,
        "Access-Control-Expose-Headers": "Retry-After, X-Request-ID",
        "Vary": "Origin",
    }
    assert cors.preflight_headers(origin, "x") == {
        "Access-Control-Allow-Headers": "x",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Max-Age": "600",
    }


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("null", id="null, which is not listed"),
        pytest.param("https://other.example", id="another host"),
        pytest.param("http://app.example", id="another scheme"),
        pytest.param("https://app.example:8443", id="another port"),
        pytest.param("https://app.example/", id="a path"),
        pytest.param("https://APP.example", id="another case"),
        pytest.param("https://app.example.evil.example", id="a longer host"),
        pytest.param("https://x.app.example", id="a host below it"),
        pytest.param("*", id="the wildcard itself"),
        pytest.param(f"{APP}, {NATIVE}", id="two at once"),
    ],
)
def test_another_origin_gets_no_headers_nor_does_any_if_none_is_listed(origin):
    assert Cors(LISTED).headers(origin) == Cors(LISTED).preflight_headers(origin, None) == {}
    assert Cors([]).headers(origin) == Cors([]).preflight_headers(origin, "x") == {}


def test_without_an_origin_the_wildcard_adds_nothing():
    assert Cors(["*"]).headers(None) == {}


def test_an_origin_that_is_not_listed_is_logged_once_a_minute(caplog):
    now = [100.0]
    cors = Cors([APP], lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for seconds, origin in (
            (0, "null"),
            (0, "http://a\nb"),
            (0, "http://a:1"),
            (59, "http://b"),
            (60, "http://c"),
            (60, APP),
        ):
            now[0] = 100.0 + seconds
            cors.headers(origin)

    assert [record.fields["origin"] for record in caplog.records] == ["http://a:1", "http://c"]


@pytest.mark.parametrize(
    ("listed", "fit", "do_not"),
    [
        pytest.param(
            "http://localhost:*",
            ["http://localhost", "http://localhost:5173"],
            ["https://localhost:5173", "http://localhost:", "http://localhost:1x",
             "http://localhost.evil.example:1", "http://x.localhost:1", "http://localhost:1/"],
            id="any port",
        ),
        pytest.param(
            "https://*.example.com",
            ["https://a.example.com", "https://a.b-c.example.com"],
            ["https://example.com", "https://.example.com", "https://a.example.com:8443",
             "https://aexample.com", "https://a.example.com.evil.example", "http://a.example.com",
             "https://evil.example/.example.com", "https://u@.example.com"],
            id="any subdomain",
        ),
    ],
)  # fmt: skip
def test_a_star_stands_for_a_port_or_for_subdomains(listed, fit, do_not):
    cors = Cors([listed])

    assert [origin for origin in [*fit, *do_not] if cors.headers(origin)] == fit


@pytest.mark.parametrize(
    ("requested", "allowed"),
    [
        ("content-type", "content-type"),
        ("content-type, sentry-trace,baggage", "content-type, sentry-trace, baggage"),
        ("x y:z\u00e9, traceparent", "x, y, z, traceparent"),
        ("", None),
        (None, None),
    ],
)
def test_a_preflight_allows_post_and_every_header_that_it_asks_for(requested, allowed):
    headers = Cors([APP]).preflight_headers(APP, requested)

    assert headers["Access-Control-Allow-Methods"] == "POST"
    assert headers.get("Access-Control-Allow-Headers") == allowed
