"""Any life that users, Spotify and an operator can lead together, and what must hold in it."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from fake_spotify import FakeSpotify, Match
from fake_spotify.faults import (
    BadGateway,
    BrokenJson,
    CaptivePortal,
    DoNotRotate,
    EmptyRefreshToken,
    FalseInvalidGrant,
    Fault,
    Garbage,
    ResetBeforeHead,
    Rotate,
    ShortBody,
    TooManyRequests,
)
from tests.contract import patience
from tests.contract.http_client import Answer
from tests.contract.profiles import PROFILES, REGISTRATION
from tests.contract.swap_service import SwapService
from tests.service.running import Running, running_service

PASSING = {(429, "temporarily_unavailable"), (503, "temporarily_unavailable")} | {
    (502, error) for error in ("temporarily_unavailable", "server_error")
}
# The request does not take effect, so nothing but the answer is lost.
OUTAGES = st.sampled_from(
    [BadGateway(), TooManyRequests(0), CaptivePortal(), ResetBeforeHead(), Garbage()]
)
# It does take effect; a code is spent although its answer never came.
LOSSES = st.sampled_from([BrokenJson(), ShortBody()])
VARIATIONS = st.sampled_from([Rotate(), DoNotRotate(), EmptyRefreshToken()])
LIFETIME_DAYS = 180
RECOVERY_SECONDS = 3.0
pytestmark = pytest.mark.timeout(180)  # many short lives, each with processes of its own


@dataclass
class Session:
    """What one app holds, and what we know of its grant."""

    sealed: str
    grant_id: str
    born_days: float
    revoked: bool = False


class Lives(RuleBasedStateMachine):
    """One service, one Spotify, some users, and an operator who changes keys."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.spotify = self.stack.enter_context(FakeSpotify(**REGISTRATION))
        self.secrets = [f"{1:064x}"]
        self.days = 0.0
        self.codes: list[tuple[str, int]] = []  # and how often Spotify may get each
        self.process = self.stack.enter_context(ExitStack())
        self.service = self.start()

    def start(self) -> SwapService:
        """Start the service with the keys of today."""
        running: Running = self.process.enter_context(
            running_service(
                self.spotify.accounts_url,
                ENCRYPTION_SECRET=self.secrets[-1],
                PREVIOUS_ENCRYPTION_SECRETS="\n".join(reversed(self.secrets[:-1])) or None,
                REFRESH_TOKEN_LIFETIME="180d",
                SPOTIFY_TIMEOUT=str(patience.seconds(5)),
                # Half a year passes for Spotify alone here: such grants look young.
                REVOCATION_GUARD="off",
            )
        )
        self.running = running
        return SwapService(running.url, PROFILES["sanic-swap"], self.spotify, patience.seconds(6))

    def teardown(self) -> None:
        """End every process."""
        self.stack.close()

    @rule(target=sessions)
    def log_in(self) -> object:
        code = self.spotify.code()
        self.codes.append((code, 1))
        answer = self.service.swap(code)
        if answer.status != 200:
            return multiple()
        # The newest grant is the one of this code.
        return Session(answer.json()["refresh_token"], self.spotify.grants()[-1].id, self.days)

    @rule(session=sessions)
    def refresh(self, session: Session) -> None:
        self.judge(session, self.refreshed_in_peace(session))

    @rule(session=sessions, variation=VARIATIONS)
    def refresh_and_spotify_varies_its_answer(self, session: Session, variation: Fault) -> None:
        self.refreshed_in_peace(session)
        self.spotify.fault(variation)
        self.judge(session, self.service.refresh(session.sealed))

    @rule(session=sessions, outage=OUTAGES)
    def refresh_in_an_outage(self, session: Session, outage: Fault) -> None:
        self.spotify.clear_faults()
        self.spotify.fault(outage, times=None)
        answer = self.service.refresh(session.sealed)
        self.spotify.clear_faults()

        assert (answer.status, answer.error) in PASSING

    @rule(outage=OUTAGES | LOSSES)
    def swap_in_an_outage(self, outage: Fault) -> None:
        code = self.spotify.code()
        # Only a connection that ends without a byte of an answer allows a second time.
        self.codes.append((code, 2 if isinstance(outage, ResetBeforeHead) else 1))
        self.spotify.fault(outage, times=None)
        answer = self.service.swap(code)
        self.spotify.clear_faults()

        assert (answer.status, answer.error) in PASSING

    @rule(session=sessions)
    def spotify_lies_about_one_grant(self, session: Session) -> None:
        self.refreshed_in_peace(session)
        self.spotify.fault(FalseInvalidGrant())
        self.service.refresh(session.sealed)
        self.judge(session, self.service.refresh(session.sealed))

    @rule(session=sessions)
    def revoke(self, session: Session) -> None:
        self.spotify.revoke(session.grant_id)
        session.revoked = True

    @rule(days=st.integers(1, 100))
    def let_time_pass(self, days: int) -> None:
        self.spotify.clock.advance(days=days)
        self.days += days

    @rule()
    def restart(self) -> None:
        assert self.running.stop() == 0
        self.service = self.start()

    @rule(number=st.integers(0, 1000))
    def change_the_key(self, number: int) -> None:
        self.secrets.append(f"{len(self.secrets):032x}{number:032x}")
        self.restart()

    @invariant()
    def no_plain_refresh_token_ever_got_out(self) -> None:
        assert not self.service.leaks

    @invariant()
    def no_code_was_given_to_spotify_too_often(self) -> None:
        for code, most in self.codes[-3:]:
            assert self.spotify.count(Match(token=code)) <= most

    @invariant()
    def the_log_is_clean(self) -> None:
        lines = self.running.lines()

        assert not [line for line in lines if line["message"].startswith("Unhandled")]

    def refreshed_in_peace(self, session: Session) -> Answer:
        """Refresh as soon as the breaker, if an outage has opened it, is closed again."""
        self.spotify.clear_faults()
        patience_ends = time.monotonic() + patience.seconds(RECOVERY_SECONDS)
        while (answer := self.service.refresh(session.sealed)).status == 503:
            assert time.monotonic() < patience_ends, "no recovery"
            time.sleep(0.1)
        return answer

    def judge(self, session: Session, answer: Answer) -> None:
        """A living grant gets tokens, a dead one is told to log in again."""
        alive = not session.revoked and self.days - session.born_days < LIFETIME_DAYS
        if not alive:
            assert (answer.status, answer.error) == (400, "invalid_grant")
            return
        assert answer.status == 200, self.service.last_seen
        session.sealed = answer.json()["refresh_token"]
        assert answer.json()["refresh_token_expires_in"] > 0


Lives.TestCase.settings = settings(
    max_examples=3,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLives = Lives.TestCase
