"""An answer or an error is the same on another machine."""

import pytest

from sanic_swap import errors
from sanic_swap.outcomes import UnknownOutcome, outcome_bytes, read_outcome
from sanic_swap.refreshed import Refreshed
from sanic_swap.secret import Secret
from sanic_swap.token_answer import TokenAnswer, read_answer

SHARED = [
    errors.GrantRefused(400, "invalid_grant", "Refresh token revoked", None),
    errors.GrantRefused(403, "access_denied", None, "https://e.example"),
    errors.RevocationDoubted(),
    errors.CredentialsRefused("Spotify refused our credentials (400)"),
    errors.SpotifyThrottles(7),
    errors.SpotifyThrottles(None),
    errors.SpotifyFails(503, 9),
    errors.SpotifyUnreachable("no connection", errors.ConnectionLoss.LATE),
    errors.SpotifyTooSlow("no answer within 8 s"),
]


@pytest.mark.parametrize("error", SHARED, ids=lambda error: type(error).__name__)
def test_an_error_stays_what_it_is(error):
    read = read_outcome(outcome_bytes(error))

    assert type(read) is type(error)
    assert (str(read), vars(read)) == (str(error), vars(error))


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token":"a","expires_in":3600.0}',
        b'{"access_token":"a","refresh_token":"AQnew","scope":""}',
        b'{"refresh_token":null,"access_token":"\\u00e4","refresh_token_expires_in":5}',
    ],
)
def test_an_answer_is_handed_on_alike(body):
    answer = read_answer(200, body, retry_after=None, sent=[])
    read = read_outcome(outcome_bytes(Refreshed(answer, {0: "s1.x", 1_795_040_626: "s1.y"})))

    assert isinstance(read, Refreshed)
    assert read.answer.refresh_token == answer.refresh_token
    assert read.answer.render("s1.x", 9) == answer.render("s1.x", 9)
    assert read.seals == {0: "s1.x", 1_795_040_626: "s1.y"}


def test_what_is_no_answer_is_not_shared():
    assert outcome_bytes(errors.SpotifyNonsense("not JSON")) is None


@pytest.mark.parametrize("told", [b"{}", b"[]", b'{"error": ["SwapError", "x"]}', b"not JSON"])
def test_what_another_version_wrote_is_told_apart(told):
    with pytest.raises(UnknownOutcome):
        read_outcome(told)


def test_a_plain_refresh_token_is_in_no_repr():
    answer = TokenAnswer(Secret("AQplain"), False, '{"refresh_token":', "}")

    assert "AQplain" not in repr(Refreshed(answer, {0: "s1.x"}))
