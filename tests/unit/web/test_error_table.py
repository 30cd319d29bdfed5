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
from sanic_swap.web.api import GRANT_TYPES
from sanic_swap.web.error_table import ErrorAnswer, answer_to, row_of
from sanic_swap.web.ops import PATHS

RFC_6749 = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
SAYS = "what the app's developer should know"
BUSY = "temporarily_unavailable"
ANY = object()  # a Retry-After of our own choice

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
    (errors.TokenHeld("restore that key", "4TGKmExg"), 503, BUSY, ANY),
    (errors.GrantRefused(400, "invalid_grant", "revoked", None), 400, "invalid_grant", None),
    (errors.GrantRefused(400, "invalid_scope", None, None), 400, "invalid_scope", None),
    (errors.GrantRefused(403, "access_denied", None, "https://x"), 403, "access_denied", None),
    (errors.RevocationDoubted(), 503, BUSY, 60),
    (errors.CredentialsRefused("Spotify refused our credentials (400)"), 503, BUSY, 300),
    (errors.SpotifyThrottles(17), 429, BUSY, 17),
    (errors.SpotifyThrottles(0), 429, BUSY, 0),
    (errors.SpotifyThrottles(None), 429, BUSY, ANY),
    (errors.SpotifyFails(500, 17), 503, BUSY, 17),
    (errors.SpotifyFails(503, 0), 503, BUSY, 0),
    (errors.SpotifyFails(599, None), 503, BUSY, ANY),
    (errors.SpotifyNonsense("status 302"), 502, "server_error", None),
    (errors.SpotifyUnreachable("no connection", errors.ConnectionLoss.UNSENT), 502, BUSY, None),
    (errors.SpotifyTooSlow("no answer within 8 s"), 504, BUSY, None),
    (errors.CallSuppressed(429, "it asks to wait", 17), 429, BUSY, 17),
    (errors.CallSuppressed(503, "it asks to wait", 17), 503, BUSY, 17),
    (errors.CallSuppressed(503, "it fails for everyone", None), 503, BUSY, ANY),
]
NEVER_ANSWERED = {errors.SettingsError}  # raised before there is anybody to answer

# (Sanic's error, status, `error` of the body)
HTTP_ANSWERS = [
    (sanic_errors.BadRequest("x"), 400, "invalid_request"),
    (sanic_errors.NotFound("no /hidden here"), 404, "invalid_request"),
    (sanic_errors.MethodNotAllowed("x", "PUT", ["POST"]), 405, "invalid_request"),
    (sanic_errors.RequestTimeout("x"), 408, "invalid_request"),
    (sanic_errors.ExpectationFailed("x"), 417, "invalid_request"),
    (sanic_errors.PayloadTooLarge("x"), 431, "invalid_request"),
    (sanic_errors.ServiceUnavailable("x"), 503, BUSY),
    (sanic_errors.ServerError("hidden"), 500, "server_error"),
    (sanic_errors.URLBuildError("hidden"), 500, "server_error"),
]


def named(rows):
    return [f"{type(row[0]).__name__} {number}" for number, row in enumerate(rows)]


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
    assert (
        {"error", "error_description"}
        <= body.keys()
        <= {
            "error",
            "error_description",
            "error_uri",
        }
    )
    assert all(isinstance(text, str) and RFC_6749.fullmatch(text) for text in body.values())
    assert (b"invalid_grant" in answer.body()) <= (body["error"] == "invalid_grant")
    assert answer.body().isascii()
    assert answer.retry_after is None or 0 <= answer.retry_after <= 86_400
    assert (answer.status in (429, 503)) <= (answer.retry_after is not None)
    assert answer.status >= 400


def test_every_error_of_the_tree_is_in_the_table():
    assert {type(row[0]) for row in ANSWERS} == set(leaves(errors.SwapError)) - NEVER_ANSWERED


@pytest.mark.parametrize(("error", "status", "name", "wait"), ANSWERS, ids=named(ANSWERS))
def test_each_error_has_its_answer(error, status, name, wait):
    answer = answer_to(error)

    assert (answer.status, answer.error) == (status, name)
    assert answer.retry_after == wait or (wait is ANY and answer.retry_after is not None)


@pytest.mark.parametrize("error", [row[0] for row in ANSWERS], ids=named(ANSWERS))
def test_each_answer_keeps_the_manners_of_all(error):
    answer = answer_to(error)

    keeps_manners(answer)
    assert len(answer.body()) < 300


@pytest.mark.parametrize("error", [row[0] for row in HTTP_ANSWERS], ids=named(HTTP_ANSWERS))
def test_each_answer_to_bad_http_keeps_the_manners_of_all(error):
    answer = answer_to(error)

    keeps_manners(answer)
    assert len(answer.body()) < 300
    assert "hidden" not in answer.body().decode()


@pytest.mark.parametrize(("error", "status", "name"), HTTP_ANSWERS, ids=named(HTTP_ANSWERS))
def test_each_error_of_http_has_its_answer(error, status, name):
    answer = answer_to(error)

    assert (answer.status, answer.error) == (status, name)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(sanic_errors.SanicException("hidden", status_code=418), id="of Sanic's"),
        pytest.param(KeyError("hidden"), id="of Python's"),
        pytest.param(errors.SettingsError(["hidden"]), id="of ours, but far too late"),
    ],
)
def test_whatever_is_in_no_row_is_a_bug_of_ours(error):
    answer = answer_to(error)

    keeps_manners(answer)
    assert (answer.status, row_of(type(error)).outcome) == (500, "our_bug")
    assert "hidden" not in answer.body().decode()


def test_a_client_that_is_gone_is_no_bug_of_ours():
    for kind in (asyncio.CancelledError, sanic_errors.RequestCancelled):
        assert row_of(kind).outcome == "client_gone"


def test_the_operator_reads_of_what_concerns_them():
    levels = {kind: row_of(kind).level for kind in leaves(errors.SwapError)}

    assert {kind for kind, level in levels.items() if level == logging.ERROR} == {
        errors.TokenHeld,
        errors.CredentialsRefused,
    }
    # What was logged once, when it began, and the mistakes of apps are not logged each time.
    for kind in (errors.CallSuppressed, errors.InvalidRequest, errors.TokenRefused):
        assert levels[kind] == logging.NOTSET


def test_a_404_names_every_endpoint():
    description = answer_to(sanic_errors.NotFound("x")).description

    assert set(re.findall(r"/[a-z_./]*", description)) == {*GRANT_TYPES, *PATHS}


@pytest.mark.parametrize(
    "error",
    [errors.InvalidRequest(SAYS), errors.BodyTooLarge(SAYS), errors.UnsupportedMediaType(SAYS)],
    ids=lambda error: type(error).__name__,
)
def test_an_apps_developer_is_told_what_is_wrong(error):
    assert answer_to(error).description == SAYS


def test_all_refused_tokens_are_answered_with_the_same_words():
    assert len({answer_to(errors.TokenRefused(reason)) for reason in errors.REFUSED_TOKENS}) == 1


def test_the_operators_remedy_does_not_reach_the_app():
    body = answer_to(errors.TokenHeld("a token of key 4TGKmExg", "4TGKmExg")).body()

    assert b"4TGKmExg" not in body


def test_spotifys_own_words_are_relayed():
    error = errors.GrantRefused(400, "invalid_grant", "Refresh token revoked", "https://x/y")

    assert json.loads(answer_to(error).body()) == {
        "error": "invalid_grant",
        "error_description": "Refresh token revoked",
        "error_uri": "https://x/y",
    }


def test_a_refusal_without_words_gets_some():
    body = json.loads(answer_to(errors.GrantRefused(400, "invalid_scope", None, None)).body())

    assert body.keys() == {"error", "error_description"}
    assert body["error_description"]


def test_the_body_says_no_more_than_it_must():
    assert ErrorAnswer(400, "invalid_request", "code is missing").body() == (
        b'{"error": "invalid_request", "error_description": "code is missing"}'
    )


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

    keeps_manners(answer_to(refused.value))
