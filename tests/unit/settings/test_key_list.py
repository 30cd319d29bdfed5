"""What is said of the keys in the settings: each by its id, none by its secret."""

from base64 import b64encode, urlsafe_b64encode

import pytest

from sanic_swap.errors import SettingsError
from sanic_swap.sealing.keys import SealingContext, root_key
from sanic_swap.settings.risks import risks
from tests.reading import read_settings

APP = {"CLIENT_ID": "an-app", "CLIENT_SECRET": "s", "CALLBACK_URL": "myapp://callback"}
ROOT = bytes(range(200, 232))
A, B, C = ROOT.hex(), "b" * 64, "c" * 64
CONTEXT = SealingContext("an-app", "https://accounts.spotify.com")
ID_A, ID_B, ID_C = (root_key(secret).key_id(CONTEXT) for secret in (A, B, C))
# Found by walking from id to id until two keys met; about 2**25 steps.
SAME_ID = tuple("0" * 52 + last for last in ("6ee1f4e67d1b", "031cf92e1845"))


def settings(current=C, *previous, retired=""):
    return read_settings(
        APP
        | {
            "ENCRYPTION_SECRET": current,
            "PREVIOUS_ENCRYPTION_SECRETS": "\n".join(previous),
            "RETIRED_KEY_IDS": retired,
        }
    )


def warnings(settings):
    return [str(risk) for risk in risks(settings, {}, ()) if risk.at_start]


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(A, id="as it is"),
        pytest.param(A.upper(), id="in capitals"),
        pytest.param(b64encode(ROOT).decode(), id="in base64"),
        pytest.param(urlsafe_b64encode(ROOT).decode().rstrip("="), id="in base64url"),
    ],
)
def test_a_key_that_is_named_twice_is_told_by_its_id(again):
    [twice] = warnings(settings(C, A, B, again))
    [current_too] = warnings(settings(A, B, again))

    for told in (twice, current_too):
        assert told.startswith(f"PREVIOUS_ENCRYPTION_SECRETS: key {ID_A} ")
        assert A not in told
        assert again not in told
    assert "2 times" in twice
    assert "is ENCRYPTION_SECRET too" in current_too


def test_a_retired_key_that_is_kept_as_a_previous_one_is_told_and_stays_retired():
    [told] = warnings(settings(C, A, B, retired=f"{ID_B},another1"))

    assert told.startswith(f"RETIRED_KEY_IDS: key {ID_B} ")
    assert "refused" in told


def test_different_keys_are_no_matter():
    assert warnings(settings(C, A, B, retired="another1")) == []


def test_two_keys_of_one_id_are_never_mistaken_for_one():
    one, other = (root_key(secret) for secret in SAME_ID)
    assert one.key_id(CONTEXT) == other.key_id(CONTEXT)

    for named in ((C, *SAME_ID), SAME_ID):
        with pytest.raises(SettingsError) as refused:
            settings(*named)

        [problem] = refused.value.problems
        assert problem.startswith("PREVIOUS_ENCRYPTION_SECRETS: ")
        assert one.key_id(CONTEXT) in problem
        assert not any(secret in problem for secret in SAME_ID)


def test_machines_can_be_compared_by_the_ids_that_they_log():
    assert settings(C, B, A, "short", B, retired="another1").key_ids_in_use == {
        "current": ID_C,
        "previous": f"{ID_B},{ID_A}",
        "retired": "another1",
    }
    assert settings(C).key_ids_in_use == {
        "current": ID_C,
        "previous": "-",
        "retired": "-",
    }
    assert read_settings(APP).key_ids_in_use["current"] == "temporary"
