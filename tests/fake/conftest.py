"""A fake for each test."""

import pytest

from fake_spotify import FakeSpotify


@pytest.fixture
def spotify():
    with FakeSpotify(
        redirect_uris=["https://app.example/callback"], name="Tunes & <Co>"
    ) as running:
        yield running
