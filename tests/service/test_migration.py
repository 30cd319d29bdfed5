"""From another service to this one, stage by stage as docs/migrate.md says, and back."""

import re
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from fake_spotify import FakeSpotify
from tests.contract.http_client import Answer, post_form
from tests.contract.processes import wait_until
from tests.contract.profiles import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from tests.legacy_sealers import SEALERS
from tests.service.running import Running, environment, run_command, running_service
from tests.service.seals import new_secret

MIGRATE_MD = Path(__file__).parents[2] / "docs" / "migrate.md"
SHORT = "s3cr#t 'pw'"  # and hard to write down
# Stands in public source; backwards, so that a search does not find it in one more place.
PUBLISHED = "CXGh8DLTymGHa9WHiVzGLKLtHPmDfkybVzHdWFBUJUefiyLJFc"[::-1]
NODE = {
    "CLIENT_ID": CLIENT_ID,
    "CLIENT_SECRET": CLIENT_SECRET,
    "CALLBACK_URL": REDIRECT_URI,
    "ENCRYPTION_SECRET": SHORT,
    "ACCESS_LOG": "enabled",
}
RUBY = {
    "SPOTIFY_CLIENT_ID": CLIENT_ID,
    "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET,
    "SPOTIFY_CLIENT_CALLBACK_URL": REDIRECT_URI,
    "ENCRYPTION_SECRET": PUBLISHED,
}
NOTHING = dict.fromkeys(("CLIENT_ID", "CLIENT_SECRET", "CALLBACK_URL", "ENCRYPTION_SECRET"))


def documented(tokens: str, old_secret: str, new_key: str) -> dict[str, str | None]:
    """Return the settings of the block in docs/migrate.md that opens *tokens*."""
    blocks = re.findall(r"```sh\n(.*?)```", MIGRATE_MD.read_text(), re.DOTALL)
    [block] = [block for block in blocks if f"LEGACY_TOKENS={tokens}\n" in block]
    quoted = old_secret.replace("'", r"\'")
    settings = dotenv_values(
        stream=StringIO(block.replace("NEW_KEY", new_key).replace("OLD_SECRET", quoted))
    )
    if "LEGACY_TOKENS_UNTIL" in settings:
        settings["LEGACY_TOKENS_UNTIL"] = "2999-12-31"  # the document's day will be over one day
    return settings


def refresh(service: Running, path: str, token: str) -> Answer:
    return post_form(service.url + path, {"refresh_token": token})


def token_in(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.json()["refresh_token"])


@pytest.mark.parametrize(
    ("old_settings", "tokens", "kinds", "swap_path", "refresh_path"),
    [
        pytest.param(NODE, "node", ["node"], "/swap", "/refresh", id="Node"),
        pytest.param(
            RUBY, "ruby,plain", ["ruby", "plain"], "/api/token", "/api/refresh_token", id="Ruby"
        ),
    ],
)
def test_nobody_is_logged_out_on_the_way(
    old_settings: dict[str, str],
    tokens: str,
    kinds: list[str],
    swap_path: str,
    refresh_path: str,
    spotify: FakeSpotify,
) -> None:
    old = {**NOTHING, **old_settings}
    secret = old_settings["ENCRYPTION_SECRET"]
    held = {kind: SEALERS[kind](secret, str(spotify.grant().refresh_token)) for kind in kinds}

    # The old secret cannot stay where it was, and the complaint says where it belongs.
    env = environment(spotify.accounts_url, **old)
    refused = run_command("serve", env=env)
    assert refused.returncode == 2
    problems = [line.split()[0] for line in refused.stderr.splitlines()[1:]]
    assert [one for one in problems if one.endswith(":")] == ["ENCRYPTION_SECRET:"]
    assert "move it to LEGACY_SECRETS" in refused.stderr
    assert secret not in refused.stderr

    new_key = new_secret()
    first = {**old, **documented(tokens, secret, new_key)}

    # In the first days tokens go back as they came: the old service still opens them.
    with running_service(spotify.accounts_url, **first) as service:
        for token in held.values():
            assert token_in(refresh(service, refresh_path, token)) == token
        newcomer = token_in(post_form(service.url + swap_path, {"code": spotify.code()}))
        assert newcomer.startswith("s1.")
        wait_until(lambda: imports(service) == kinds)

    # Then they come back as ours, and are no imports any more.
    stay = {**first, "LEGACY_RESEAL": None}
    with running_service(spotify.accounts_url, **stay) as service:
        ours = [token_in(refresh(service, refresh_path, token)) for token in held.values()]
        assert all(token.startswith("s1.") for token in ours)
        for token in (newcomer, *ours):
            assert token_in(refresh(service, refresh_path, token)) == token
        wait_until(lambda: imports(service) == kinds)

    # At the end nothing is left of the old service.
    last = {**old, "ENCRYPTION_SECRET": new_key, **documented("none", secret, new_key)}
    with running_service(spotify.accounts_url, **last) as service:
        for token in (newcomer, *ours):
            assert token_in(refresh(service, refresh_path, token)) == token
        for token in held.values():
            late = refresh(service, refresh_path, token)
            assert (late.status, late.error) == (400, "invalid_grant")


def imports(service: Running) -> list[str]:
    """Return what was imported, as the service's own log lines tell."""
    lines = service.lines()
    return [line["imported"] for line in lines if "nother service's token" in line["message"]]
