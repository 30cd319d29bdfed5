"""Code for an app: the files as they stand, or with other values in them."""

import re
from pathlib import Path

import pytest

from fake_spotify.choices import fixed_credentials
from sanic_swap.demo.dev import FAKE_PORT, PORT, SNIPPETS, snippet

FILES = Path(__file__).parents[3] / "sanic_swap/demo/code"


@pytest.mark.parametrize("kind", SNIPPETS)
def test_by_default_a_snippet_is_its_file(kind: str) -> None:
    code = snippet(kind, (), port=PORT, fake_port=FAKE_PORT, lan_address=None)

    assert [code] == [file.read_text() for file in FILES.glob(f"{kind}.*")]
    assert kind == "curl" or fixed_credentials(0)["client_id"] in code
    assert "YOUR-SERVICE" in code or kind == "js"  # what changes for the real Spotify


def test_a_phone_reaches_it_by_the_machines_address() -> None:
    code = snippet("kotlin", (), port=1, fake_port=2, lan_address="192.0.2.7")

    assert "http://192.0.2.7:1/swap" in code
    assert "http://192.0.2.7:2/authorize" in code
    assert "//10.0.2.2" not in code


@pytest.mark.parametrize("kind", SNIPPETS)
def test_a_snippet_has_the_values_that_were_chosen(kind: str) -> None:
    # A page in a browser takes the first callback that is one.
    uris = ["x-app://back/here", "https://app.example/back"]
    code = snippet(kind, uris, port=5001, fake_port=5002, lan_address=None)

    assert uris[kind == "js"] in code
    assert re.search(r":5001/swap", code)
    assert re.search(r":5002/", code)
    assert not re.search(r":4343|:8090|my-app", code)
