"""What a log line shows of a path that is none of ours."""

import pytest

from sanic_swap.web.edge import shown_path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("/token/swap", "/token/swap", id="a usual one"),
        pytest.param("/swap?code=x", "/swap", id="a query"),
        pytest.param("/swap;code=x", "/swap", id="parameters of a path"),
        pytest.param("/swap/%41%51", "/swap/", id="an escape"),
        pytest.param("/swap/AQabc/BQabc/s1.abc/x", "/swap/…/…/…/x", id="codes and tokens"),
        pytest.param("/" + "x" * 40, "/" + "x" * 20, id="a long segment"),
        pytest.param("/abc" * 40, "/abc" * 20, id="a long path"),
        pytest.param("/\n\x1b", "/\\n\\x1b", id="control characters"),
    ],
)
def test_it_is_shown_as_far_as_it_cannot_be_a_code(path: str, shown: str) -> None:
    assert shown_path(path) == shown
