"""The commit that runs, as far as it can be known."""

import pytest

from sanic_swap.monitoring import version

HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(version, "_installed_from", lambda: "")
    for name in version._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    version.commit.cache_clear()
    yield
    version.commit.cache_clear()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(HASH, HASH[:12], id="a hash"),
        pytest.param("a branch", "unknown", id="anything else"),
        pytest.param("", "unknown", id="nothing"),
    ],
)
def test_platforms_name_it(monkeypatch, text, shown):
    monkeypatch.setenv("SOURCE_COMMIT", text)

    assert version.commit() == shown


def test_so_does_an_installation_from_git(monkeypatch):
    monkeypatch.setattr(version, "_installed_from", lambda: HASH)

    assert version.commit() == HASH[:12]
