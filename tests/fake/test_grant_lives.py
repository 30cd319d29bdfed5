"""Whatever happens in whatever order, a grant lives as long as it should and no longer."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.facts.registrations import SIX_MONTHS_SECONDS, Policy, Registration
from fake_spotify.rules import token_endpoint
from fake_spotify.rules.token_requests import TokenRequest

REDIRECT_URI = "https://app.example/callback"
CREDENTIALS = {"client_id": "an-app", "client_secret": "hush"}
USERS = st.sampled_from(["ada", "grace"])


class GrantLives(RuleBasedStateMachine):
    """Logins, refreshes, rotations, revocations and time, beside a model of two dictionaries."""

    codes = Bundle("codes")
    tokens = Bundle("tokens")

    def __init__(self):
        super().__init__()
        self.app = App(Registration("an-app", "hush", (REDIRECT_URI,)), Policy(), seed="7")
        self.app.clock.freeze()
        self.directory = Directory(self.app)
        # What should be true: unspent codes, and living refresh tokens with user and end.
        self.unspent = {}
        self.living = {}
        self.all_tokens = set()

    def _post(self, **form):
        request = TokenRequest(parameters={**CREDENTIALS, **form})
        return token_endpoint.answer(self.directory, request)

    @property
    def _now(self):
        return self.app.clock.now()

    @rule(target=codes, user=USERS)
    def log_in(self, user):
        code = self.app.ledger.issue_code(user, "streaming", REDIRECT_URI)
        self.unspent[code.value] = code
        return code

    @rule(target=tokens, code=codes)
    def exchange(self, code):
        answer = self._post(
            grant_type="authorization_code", code=code.value, redirect_uri=REDIRECT_URI
        )
        # After a reset the seed begins again: a code from before may be made again.
        code = self.unspent.get(code.value, code)
        is_good = code.value in self.unspent and self._now < code.issued_at + 600
        assert (answer.status == 200) == is_good
        if not is_good:
            return "AQnever"
        del self.unspent[code.value]
        token = answer.members["refresh_token"]
        self.living[token] = (code.user_id, code.issued_at + SIX_MONTHS_SECONDS)
        self.all_tokens.add(token)
        return token

    @rule(target=tokens, token=tokens, rotation=st.sampled_from(["off", "all"]))
    def refresh(self, token, rotation):
        self.app.policy = replace(self.app.policy, rotation=rotation)
        answer = self._post(grant_type="refresh_token", refresh_token=token)
        is_good = token in self.living and self._now < self.living[token][1]
        assert (answer.status == 200) == is_good
        if not is_good:
            assert answer.members["error"] == "invalid_grant"
            return token
        access = self.app.ledger.access_tokens.get(answer.members["access_token"])
        assert access.grant.user_id == self.living[token][0]
        if rotation == "off":
            assert "refresh_token" not in answer.members
            return token
        rotated = answer.members["refresh_token"]
        assert rotated not in self.all_tokens
        self.living[rotated] = self.living.pop(token)
        self.all_tokens.add(rotated)
        return rotated

    @rule(user=USERS)
    def take_everything_back(self, user):
        self.app.revoke_user(user)
        self.living = {
            token: (owner, end) for token, (owner, end) in self.living.items() if owner != user
        }

    @rule(days=st.floats(0, 100))
    def let_time_pass(self, days):
        self.app.clock.advance(days=days)

    @rule()
    def begin_anew(self):
        self.app.reset()
        self.app.clock.freeze()
        self.unspent.clear()
        self.living.clear()
        self.all_tokens.clear()

    @invariant()
    def the_living_grants_are_the_living_tokens(self):
        expected = {token for token, (_, end) in self.living.items() if self._now < end}
        assert {grant.refresh_token for grant in self.app.grants()} == expected


GrantLives.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestGrantLives = GrantLives.TestCase
