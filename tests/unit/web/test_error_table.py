"""Each error of the tree has its one answer, and every answer keeps the same manners."""

import asyncio
import json
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic import exceptions as sanic_errors

from sanic_swap import errors
from sanic_swap.spotify.answer import Reply, read_answer
from sanic_swap.web.endpoints import GRANT_TYPES, PATHS
from sanic_swap.web.error_table import CALL_OUTCOMES, refusal_of

RFC_6749 = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
SAYS = "what the app's developer should know"
BUSY = "temporarily_unavailable"
ANY = object()  # a Retry-After of our own choice


def refused(status, error, description=None, *, uri=None):
    return errors.GrantRefused(
        "hidden", status=status, error=error, description=description, uri=uri
    )


# (error, status, `error` of the body, Retry-After)
ANSWERS = [
    (errors.InvalidRequest(SAYS), 400, "invalid_request", None),
    (errors.UnsupportedGrantType(SAYS), 400, "unsupported_grant_type", None),
    (errors.OtherClient(SAYS), 400, "invalid_client", None),
    (errors.BodyTooLarge(SAYS), 413, "invalid_request", None),
    (errors.UnsupportedMediaType(SAYS), 415, "invalid_request", None),
    (errors.TooBusy(), 503, BUSY, ANY),
    (errors.RateLimited(60, 60, 17), 429, BUSY, 17),
    (errors.RateLimited(1000, 2_592_000, 2_592_000), 429, BUSY, 86_400),
    (errors.TokenRefused("altered"), 400, "invalid_grant", None),
    (errors.TokenHeld("restore the hidden key", "hidden"), 503, BUSY, ANY),
    (refused(400, "invalid_grant", "revoked"), 400, "invalid_grant", None),
    (refused(400, "invalid_scope"), 400, "invalid_scope", None),
    (refused(403, "access_denied", uri="https://x"), 403, "access_denied", None),
    (errors.RevocationDoubted("held back"), 503, BUSY, 60),
    (errors.CredentialsRefused("Spotify refused our credentials (400)"), 503, BUSY, 300),
    (errors.SpotifyThrottles("throttles", retry_after=17), 429, BUSY, 17),
    (errors.SpotifyThrottles("throttles", retry_after=0), 429, BUSY, 0),
    (errors.SpotifyThrottles("throttles"), 429, BUSY, ANY),
    (errors.SpotifyFails(500, 17), 503, BUSY, 17),
    (errors.SpotifyFails(503, 0), 503, BUSY, 0),
    (errors.SpotifyFails(599, None), 503, BUSY, ANY),
    (errors.SpotifyNonsense("status 302"), 502, "server_error", None),
    (errors.SpotifyUnreachable(errors.ConnectionLoss.UNSENT), 502, BUSY, None),
    (errors.SpotifyTooSlow("Spotify gave no answer within 8 s"), 504, BUSY, None),
    (errors.CallSuppressed("it asks to wait", status=429, retry_after=17), 429, BUSY, 17),
    (errors.CallSuppressed("it asks to wait", status=503, retry_after=17), 503, BUSY, 17),
    (errors.CallSuppressed("it fails for everyone"), 503, BUSY, ANY),
    # Sanic's; what it says itself is not repeated.
    (sanic_errors.BadRequest("hidden"), 400, "invalid_request", None),
    (sanic_errors.NotFound("no /hidden here"), 404, "invalid_request", None),
    (sanic_errors.MethodNotAllowed("hidden", "PUT", ["POST"]), 405, "invalid_request", None),
    (sanic_errors.RequestTimeout("hidden"), 408, "invalid_request", None),
    (sanic_errors.ExpectationFailed("hidden"), 417, "invalid_request", None),
    (sanic_errors.PayloadTooLarge("hidden"), 431, "invalid_request", None),
    (sanic_errors.ServiceUnavailable("hidden"), 503, BUSY, ANY),
    # Whatever is in no row is a bug of ours.
    (sanic_errors.ServerError("hidden"), 500, "server_error", None),
    (sanic_errors.SanicException("hidden", status_code=418), 500, "server_error", None),
    (KeyError("hidden"), 500, "server_error", None),
    (errors.SettingsError(["hidden"]), 500, "server_error", None),  # far too late
]


def leaves(kind):
    """Yield every class of our tree that has no class below it."""
    below = [sub for sub in kind.__subclasses__() if sub.__module__.startswith("sanic_swap.")]
    if not below:
        yield kind
    for sub in below:
        yield from leaves(sub)


def keeps_manners(answer):
    """Check what holds for every error answer, whatever it is about."""
    body = json.loads(answer.body())
    required = {"error", "error_description"}
    assert required <= body.keys() <= {*required, "error_uri"}
    assert all(isinstance(text, str) and RFC_6749.fullmatch(text) for text in body.values())
    assert (b"invalid_grant" in answer.body()) <= (body["error"] == "invalid_grant")
    assert answer.retry_after is None or 0 <= answer.retry_after <= 86_400
    assert (answer.status in (429, 503)) <= (answer.retry_after is not None)
    assert answer.status >= 400


def test_every_error_of_the_tree_is_in_the_table():
    assert {type(row[0]) for row in ANSWERS} >= set(leaves(errors.SwapError))
    assert set(CALL_OUTCOMES) == set(leaves(errors.SpotifyError))


@pytest.mark.parametrize(
    ("error", "status", "name", "wait"),
    [pytest.param(*row, id=f"{type(row[0]).__name__} {at}") for at, row in enumerate(ANSWERS)],
)
def test_each_error_has_its_answer_which_keeps_the_manners_of_all(error, status, name, wait):
    answer = refusal_of(error)

    assert (answer.status, answer.error) == (status, name)
    assert answer.retry_after == wait or (wait is ANY and answer.retry_after is not None)
    assert (answer.status == 500) == (answer.outcome == "our_bug")
    assert "hidden" not in answer.body().decode()
    assert len(answer.body()) < 300
    keeps_manners(answer)


def test_a_client_that_is_gone_is_no_bug_of_ours():
    for error in (asyncio.CancelledError(), sanic_errors.RequestCancelled()):
        assert refusal_of(error).outcome == "client_gone"


def test_the_operator_reads_of_what_concerns_them():
    levels = {type(error): refusal_of(error).level for error, *_ in ANSWERS}

    assert {kind for kind, level in levels.items() if level == logging.ERROR} == {
        errors.TokenHeld,
        errors.CredentialsRefused,
    }
    # What was logged once, when it began, and the mistakes of apps are not logged each time.
    for kind in (errors.CallSuppressed, errors.InvalidRequest, errors.TokenRefused):
        assert levels[kind] == logging.NOTSET


def test_a_404_names_every_endpoint():
    description = refusal_of(sanic_errors.NotFound("x")).description

    assert set(re.findall(r"/[a-z_./]*", description)) == {*GRANT_TYPES, *PATHS}


@pytest.mark.parametrize(
    "kind", [errors.InvalidRequest, errors.BodyTooLarge, errors.UnsupportedMediaType]
)
def test_an_apps_developer_is_told_what_is_wrong_and_no_more(kind):
    body = json.loads(refusal_of(kind(SAYS)).body())

    assert body == {"error": "invalid_request", "error_description": SAYS}


def test_all_refused_tokens_are_answered_with_the_same_words():
    refusals = [refusal_of(errors.TokenRefused(reason)) for reason in errors.REFUSED_TOKENS]

    assert len({(each.status, each.body(), *each.headers()) for each in refusals}) == 1


def test_spotifys_own_words_are_relayed():
    error = refused(400, "invalid_grant", "Refresh token revoked", uri="https://x/y")

    assert json.loads(refusal_of(error).body()) == {
        "error": "invalid_grant",
        "error_description": "Refresh token revoked",
        "error_uri": "https://x/y",
    }


@given(
    st.sampled_from([400, 401, 403]),
    st.text()
    | st.sampled_from(["invalid_grant", "invalid_client", "xinvalid_grant", "access_denied"]),
    st.none() | st.integers() | st.text() | st.just("see invalid_grant"),
    st.none() | st.text() | st.just("https://x/invalid_grant"),
)
def test_whatever_spotify_refuses_with_is_answered_with_manners(status, error, description, uri):
    body = json.dumps({"error": error, "error_description": description, "error_uri": uri}).encode()

    with pytest.raises(errors.SpotifyError) as refused:
        read_answer(Reply(status, None, body))

    keeps_manners(refusal_of(refused.value))
