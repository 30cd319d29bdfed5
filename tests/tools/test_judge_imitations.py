"""The judge's verdict on services whose faults are known, each compared whole."""

from pathlib import Path

import pytest

from tests.contract import patience
from tests.contract.test_promises import MODES
from tests.contract.troubles import TROUBLES
from tests.tools.judging import LONGEST_SECONDS, judge_imitation, only, secrets_in

pytestmark = pytest.mark.timeout(2 * LONGEST_SECONDS)

REAL = "the_real_refresh_token_stays_in_the_service"
ALTERED = "an_altered_token_is_refused_and_spotify_is_not_asked"
ALIKE = "equal_refresh_tokens_are_never_sealed_alike"
ROTATED = "a_rotated_refresh_token_is_sealed_too"
PLAIN = "spotifys_own_refresh_token_is_refused_and_spotify_is_not_asked"
LEAKED = "last_word_no_answer_ever_held_a_plain_refresh_token_or_the_client_secret"
UNLABELLED = "tokens_with_another_content_type_are_taken_all_the_same"
ALIVE = "last_word_the_service_is_still_alive"
NUMERIC = "a_code_becomes_tokens_with_a_numeric_expiry"
REFRESHED = "a_refresh_brings_a_new_access_token"
UNKNOWN = "members_that_nobody_knows_yet_are_handed_on"
ANEW = "each_refresh_asks_spotify_anew"
MAIN_JOB = [NUMERIC, REFRESHED, UNKNOWN, ANEW, UNLABELLED]
IN_TIME = "every_request_is_answered_in_time_and_the_service_lives_on"
BLAME = "the_user_is_neither_blamed_nor_logged_out"
WORDS = "the_answer_is_an_error_object_in_json"
AGAIN = "the_next_login_works_again"
WAIT = "apps_learn_when_to_come_back"
EXACT = "status_and_error_are_those_of_the_contract"
UNESCAPED = "a_sealed_token_survives_an_unescaped_form"
REFUSED = "what_cannot_work_is_refused_and_spotify_is_not_asked"
FIFTY = "fifty_refreshes_always_bring_a_usable_refresh_token"
KEPT = "answers_are_json_that_nobody_may_keep"
LOST, FAILS, HANGS = "the connection is lost", "Spotify answers 5xx", "Spotify hangs"


def each(names: list[str], *parameters: str) -> list[str]:
    return [f"{name}[{parameter}]" for name in names for parameter in parameters]


# The faults that a service has, the promises that are asked, and those of them that it breaks.
CASES = {
    "no sealing, hangs": (
        ["sealing", f"lives on: {HANGS}"],
        [REAL, ROTATED, ALTERED, PLAIN, ALIKE, LEAKED, *each([IN_TIME], HANGS)],
    ),
    "seal without authentication, never recovers": (
        ["sealing", FAILS],
        [ALTERED, *each([IN_TIME, AGAIN], FAILS)],
    ),
    "plain on rotation": (
        ["sealing", "always a refresh token"],
        [ROTATED, LEAKED, *each([FIFTY], *MODES)],
    ),
    "dies on lost connections, blames the user": (
        [LOST, FAILS, "still alive"],
        each([IN_TIME, AGAIN], LOST) + each([BLAME, EXACT, WAIT], FAILS) + [ALIVE],
    ),
    "html errors": (
        [FAILS, "headers"],
        each([WORDS, EXACT, WAIT], FAILS) + each([KEPT], "a refusal", "an unknown path"),
    ),
    "long log, workers survive, equal codes share an answer": (
        ["log", "ending", "at once", "main job"],
        ["a_service_that_ends_leaves_no_process_behind", "of_four_equal_codes_exactly_one_wins"],
    ),
    "refusals are 200, no verifier": (
        ["pkce", "a used code", "main job"],
        ["a_code_verifier_is_passed_on", "a_used_code_is_an_invalid_grant"],
    ),
    "json in a string": (
        ["main job", "content", "nobody may keep"],
        MAIN_JOB + each([KEPT], "a swap", "a refresh"),
    ),
    "tokens in a list": (["main job"], MAIN_JOB),
}


@pytest.mark.parametrize("faults", CASES)
def test_a_faulty_service_breaks_what_its_faults_break_and_nothing_else(
    tmp_path: Path, faults: str
) -> None:
    asked, broken = CASES[faults]
    # Every hanging request lasts as long.
    deadline = patience.seconds(0.4 if "hangs" in faults else 1.4)

    judged = judge_imitation(tmp_path, faults, *only(asked), f"--deadline={deadline}")

    assert judged.code == 1, judged.problem
    assert judged.not_held() == dict.fromkeys(broken, "broken")
    for file in tmp_path.iterdir():
        assert not secrets_in(file.read_text()), f"a token in {file.name}"


def test_what_is_held_because_everything_is_refused_is_meaningless(tmp_path: Path) -> None:
    asked = ["main job", "sealing", "refused and Spotify is not asked: the", "broken escape"]

    judged = judge_imitation(tmp_path, "refuses every refresh", *only(asked))

    assert judged.code == 1, judged.problem
    broken = (REFRESHED, ANEW, UNLABELLED, ROTATED, UNESCAPED, ALTERED)
    meaningless = each([REFUSED], "the refresh token (null)", "the token undefined")
    escape = "bad_requests_get_a_short_json_error[a broken escape]"
    assert judged.not_held() == {
        **dict.fromkeys(broken, "broken"),
        **dict.fromkeys((PLAIN, *meaningless, escape), "meaningless"),
    }


def test_a_correct_service_on_another_framework_keeps_every_promise(tmp_path: Path) -> None:
    judged = judge_imitation(tmp_path, "")

    assert judged.not_held() == {}
    assert judged.code == 0
    assert len(judged.promises) > 100
    assert all(f"{IN_TIME}[{kind}]" in judged.promises for kind in TROUBLES)
