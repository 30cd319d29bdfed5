"""The commit that runs, as far as it can be known."""

import pytest

from sanic_swap.monitoring import version

HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("variable", "installed_from", "shown"),
    [
        pytest.param(HASH, "", HASH[:12], id="a platform's hash"),
        pytest.param("a branch", "", "unknown", id="a platform's branch"),
        pytest.param("", HASH, HASH[:12], id="an installation from git"),
        pytest.param("", "", "unknown", id="nothing"),
    ],
)
def test_the_commit_is_named(monkeypatch, variable, installed_from, shown):
    for name in version._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SOURCE_COMMIT", variable)
    monkeypatch.setattr(version, "_installed_from", lambda: installed_from)

    assert version.commit.__wrapped__() == shown
