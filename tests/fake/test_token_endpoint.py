"""Laws of the grant rules, without a network."""

import base64
from dataclasses import replace
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fake_spotify.apps import ledger
from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.facts.registrations import Policy, Registration, of_era
from fake_spotify.facts.shapes import challenge_of
from fake_spotify.facts.wordings import Era
from fake_spotify.rules import profile, token_endpoint, token_requests

REDIRECT_URI = "https://app.example/callback"
VERIFIERS = st.text("ABCxyz019-._~", min_size=43, max_size=128)
SOON = 1_000_000.0
USUAL = Policy()


class Bench:
    """Two apps under rules that a test may change, and a clock that stands still."""

    def __init__(self, policy=USUAL, client_id="an-app", client_secret="hush"):
        registration = Registration(client_id, client_secret, (REDIRECT_URI,))
        self.app = App(registration, policy, seed="7")
        self.directory = Directory(self.app)
        self.other = self.directory.add(
            Registration("another", "other-hush", (REDIRECT_URI,)), policy
        )
        for app in (self.app, self.other):
            app.clock.freeze()
            app.clock.set(SOON)

    def code(self, *, app=None, challenge=None, scope="user-read-email"):
        issuer = app or self.app
        return issuer.ledger.issue_code("ada", scope, REDIRECT_URI, challenge=challenge).value

    def refresh_token(self, *, app=None, is_public=False):
        return (app or self.app).ledger.add_grant("ada", "", is_public=is_public).refresh_token

    def ask(self, form):
        own = {"client_id": self.app.client_id, "client_secret": self.app.client_secret}
        return self.ask_as(None, {**own, **form})

    def ask_as(self, authorization, form=None):
        body = urlencode(form or {"grant_type": "client_credentials"}).encode()
        request = token_requests.read("POST", authorization=authorization, body=body)
        return token_endpoint.answer(self.directory, request)

    def exchange(self, code, **more):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return self.ask({**form, **more})

    def refresh(self, refresh_token, **more):
        return self.ask({"grant_type": "refresh_token", "refresh_token": refresh_token, **more})


def words(answer):
    return answer.members.get("error_description", answer.members.get("error"))


@pytest.fixture
def bench():
    return Bench()


@given(seconds=st.floats(0, 1e8))
@example(599.9)
@example(600.0)
def test_a_code_works_within_its_life_and_is_expired_afterwards_even_if_it_was_used(seconds):
    bench = Bench()
    used, unused = bench.code(), bench.code()
    bench.exchange(used)
    bench.app.clock.advance(seconds)
    found = words(bench.exchange(used)), words(bench.exchange(unused))

    if seconds < 600:
        assert found == ("Invalid authorization code", None)
    else:
        assert set(found) == {"Authorization code expired"}


@given(uri=st.text(min_size=1).filter(lambda uri: uri != REDIRECT_URI))
def test_no_other_redirect_uri_fits_a_code_and_the_code_stays_good(uri):
    bench = Bench()
    code = bench.code()

    assert words(bench.exchange(code, redirect_uri=uri)) == "Invalid redirect URI"
    assert bench.exchange(code).status == 200


def test_a_code_of_another_app_is_invalid(bench):
    assert words(bench.exchange(bench.code(app=bench.other))) == "Invalid authorization code"


@given(verifier=VERIFIERS, place=st.integers(0, 42))
def test_a_public_client_proves_itself_with_the_verifier_to_the_last_character(verifier, place):
    bench = Bench()
    code = bench.code(challenge=challenge_of(verifier))
    wrong = verifier[:place] + ("a" if verifier[place] != "a" else "b") + verifier[place + 1 :]
    refused = bench.exchange(code, client_secret="", code_verifier=wrong)

    assert words(refused) == "code_verifier was incorrect"
    assert bench.exchange(code, client_secret="", code_verifier=verifier).status == 200


def test_a_public_client_alone_proves_nothing(bench):
    refused = [
        bench.exchange(bench.code(), client_secret="", code_verifier="v" * 43),
        bench.ask({"grant_type": "client_credentials", "client_secret": ""}),
        bench.refresh(bench.refresh_token(), client_secret=""),
    ]

    assert refused == [token_endpoint.Answer(400, {"error": "invalid_client"})] * 3


@given(days=st.lists(st.floats(0, 60), min_size=1, max_size=6))
@example([179.999])
@example([180.0])
def test_a_refresh_token_lives_six_months_from_authorization_whatever_is_done_with_it(days):
    bench, old = Bench(), Bench(of_era(Era.Y2021))
    code = bench.code()
    bench.app.clock.advance(500)
    refresh_token = bench.exchange(code).members["refresh_token"]
    forever = old.refresh_token()
    bench.app.clock.set(SOON)
    for passed in days:
        bench.refresh(refresh_token)
        bench.app.clock.advance(days=passed)
        old.app.clock.advance(days=passed)
    is_alive = bench.app.clock.now() < SOON + 180 * 86400

    assert words(bench.refresh(refresh_token)) == (None if is_alive else "Refresh token expired")
    assert old.refresh(forever).status == 200


@pytest.mark.parametrize(("ends_at_once", "status"), [(False, 200), (True, 401)])
def test_revoking_a_grant_ends_its_access_tokens_only_if_asked(bench, ends_at_once, status):
    bench.app.policy = replace(USUAL, revocation_ends_access_tokens=ends_at_once)
    granted = bench.exchange(bench.code()).members
    bench.app.revoke_user("ada")
    answer = profile.answer(bench.directory, bench.app, granted["access_token"], "")

    assert answer.status == status
    assert words(bench.refresh(granted["refresh_token"])) == "Refresh token revoked"


@given(secret=st.text(min_size=1), client_id=st.text(min_size=1).filter(lambda t: ":" not in t))
@pytest.mark.parametrize("encode", [str, lambda t: quote(t, safe=""), quote_plus])
def test_basic_credentials_work_as_they_are_and_percent_encoded(encode, secret, client_id):
    bench = Bench(client_id=client_id, client_secret=secret)
    pair = f"{encode(client_id)}:{encode(secret)}".encode()
    header = f"Basic {base64.b64encode(pair).decode()}"

    assert bench.ask_as(header).status == 200


def _basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "form", "refusal"),
    [
        *(
            (header, {}, "invalid_client")
            for header in ("Basic", "Basic !", "Bearer abc", "Basic /w==", "")
        ),
        *((_basic(pair), {}, "invalid_client") for pair in ("nocolon", ":")),
        (_basic("an-app:"), {}, "Invalid client"),  # a public client sends no header
        (_basic("an-app:hush"), {"client_secret": "x"}, "Invalid client"),
        (_basic("an-app:hush"), {"client_id": "another"}, "Invalid client"),
        (_basic("an-app:hush"), {"client_secret": "hush", "client_id": "an-app"}, None),
    ],
)
def test_a_header_must_be_well_formed_and_agree_with_the_form(bench, header, form, refusal):
    answer = bench.ask_as(header, {"grant_type": "client_credentials", **form})

    assert words(answer) == refusal


@given(st.dictionaries(st.text(min_size=1).map(lambda t: f"x-{t}"), st.text(), max_size=5))
def test_unknown_parameters_change_nothing(extra):
    bench = Bench()

    # Nor does a verifier, where there was no challenge.
    assert bench.exchange(bench.code(), code_verifier="v" * 43, **extra).status == 200


def test_a_parameter_with_two_values_is_malformed(bench):
    request = token_requests.read(
        "POST", body=b"grant_type=client_credentials&grant_type=refresh_token"
    )

    assert token_endpoint.answer(bench.directory, request).members == {
        "error": "server_error",
        "error_description": "Unexpected status: 400",
    }


@pytest.mark.parametrize(
    ("no_scope", "members"),
    [("empty", {"scope": ""}), ("blank", {"scope": " "}), ("absent", {})],
)
def test_no_scope_can_look_in_three_ways(no_scope, members):
    bench = Bench(replace(Policy(), no_scope=no_scope))
    granted = bench.exchange(bench.code(scope="")).members

    assert {name: value for name, value in granted.items() if name == "scope"} == members


@given(st.binary(max_size=300), st.sampled_from(["POST", "GET", "PUT", ""]))
def test_no_body_whatever_breaks_the_rules(body, method):
    bench = Bench()
    answer = token_endpoint.answer(bench.directory, token_requests.read(method, body=body))

    assert answer.status in {400, 405}
    assert isinstance(answer.members["error"], str)


def test_lengths_of_codes_and_access_tokens_vary(bench):
    codes = {len(bench.code()) for _ in range(50)}
    tokens = {len(bench.exchange(bench.code()).members["access_token"]) for _ in range(50)}

    assert len(codes) > 20
    assert len(tokens) > 20
    assert 180 <= min(codes) <= max(codes) <= 420
    assert 115 <= min(tokens) <= max(tokens) <= 600


def test_the_oldest_access_tokens_are_forgotten_so_that_memory_stays_bounded(bench):
    book, most = bench.app.ledger, ledger.MOST_ACCESS_TOKENS
    tokens = [book.issue_access_token(None, 1).value for _ in range(most + 3)]
    known = [token in book.access_tokens for token in tokens]

    assert known == [False] * 3 + [True] * most


def test_the_oldest_apps_are_forgotten_but_not_the_first(bench):
    for number in range(1000):
        bench.directory.add(Registration(f"app-{number}", "s", (REDIRECT_URI,)), USUAL)

    known = [app.client_id for app in bench.directory]

    assert len(known) == 1000
    assert known[:2] == ["an-app", "app-1"]
