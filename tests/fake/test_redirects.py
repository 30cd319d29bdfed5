"""Which redirect URIs are accepted, and how an answer is put into one."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_spotify.facts import redirects

INSECURE = """
    http://app.example/callback http://localhost/callback http://localhost:8888/callback
    https://localhost/callback http://127.0.0.1.evil.example/callback
    http://127.0.0.1@evil.example/callback http://127.0.0.2/callback HTTP://app.example/callback
    http://[::2]/callback http://[broken/callback
"""
SECURE = """
    https://app.example/callback http://127.0.0.1/callback http://127.0.0.1:8888/callback
    http://127.0.0.1 http://[::1]/callback http://[::1]:8888/callback my-app://callback
    com.example.app:/callback
"""


@pytest.mark.parametrize("uri", (INSECURE + SECURE).split())
def test_plain_http_is_for_loopback_literals_alone(uri):
    assert redirects.is_insecure(uri) is (uri in INSECURE.split())


@given(port=st.integers(0, 65535), path=st.sampled_from(["", "/", "/a/b?c=d", "?x"]))
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_any_port_fits_a_loopback_literal_registered_without_one(host, port, path):
    uri, registered = f"http://{host}:{port}{path}", [f"http://{host}{path}"]

    assert redirects.fits(uri, registered, any_port=True)
    assert not redirects.fits(uri, registered, any_port=False)
    assert redirects.fits(uri, [uri], any_port=False)


@pytest.mark.parametrize(
    ("uri", "registered"),
    [
        ("http://127.0.0.1:9/callback", "http://127.0.0.1:8/callback"),
        ("http://127.0.0.1:9/other", "http://127.0.0.1/callback"),
        ("http://127.0.0.1:9@evil.example/callback", "http://127.0.0.1/callback"),
        ("http://[::1]:9/callback", "http://127.0.0.1/callback"),
        ("https://app.example:444/callback", "https://app.example/callback"),
        ("https://app.example/callback/", "https://app.example/callback"),
        ("https://APP.example/callback", "https://app.example/callback"),
        ("https://app.example/callback?x=1", "https://app.example/callback"),
    ],
)
def test_everything_else_must_be_equal_character_for_character(uri, registered):
    assert not redirects.fits(uri, [registered], any_port=True)


@given(st.text(st.characters(exclude_categories=["Cs"])))
@pytest.mark.parametrize("uri", ["https://a.example/cb", "https://a.example/cb?x=1", "app:/cb"])
def test_what_is_put_into_the_query_comes_out_again(uri, value):
    location = redirects.with_query(uri, [("code", "AQ_-"), ("state", value)])
    found = dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))

    assert location.startswith(uri)
    assert (found["code"], found["state"]) == ("AQ_-", value)
