"""Refuses to judge a stranger: the service must be there, and must ask our fake."""

import sys
import time

from fake_spotify import Match

from . import patience
from .judging import CannotJudge, Judging
from .processes import listens, wait_until
from .profiles import CLIENT_SECRET
from .swap_service import SwapService

_SETTLING_SECONDS = 10.0  # of a service that listens before it is ready
_POLL_SECONDS = 0.5
_SET_TO = """\
The service must be set to:
  Spotify's accounts URL  {accounts_url}   (for https://accounts.spotify.com)
  client id               {client_id}
  client secret           {client_secret}
  redirect URI            {redirect_uri}"""
_WHAT = {
    "invalid_client": "its client id or secret is not {client_id} and the secret given here",
    "invalid_grant": "its redirect URI (callback URL) is not {redirect_uri}",
}


def wait_for(judging: Judging, accounts_url: str) -> None:
    """
    Print what the service must be set to, and wait for it.

    Raises:
        CannotJudge: If it does not come.
    """
    settings = judging.settings(accounts_url)
    if judging.client_secret != CLIENT_SECRET:
        settings["client_secret"] = "the one given with --client-secret"
    print(_SET_TO.format_map(settings), file=sys.stderr)
    try:
        wait_until(lambda: listens(judging.url), judging.wait_seconds / patience.factor())
    except AssertionError:
        raise CannotJudge(
            f"Nobody answers at {judging.url}: start the service, or say how with --command"
        ) from None


def probe(service: SwapService, judging: Judging) -> None:
    """
    Log somebody in, to see whether the service asks our fake.

    Raises:
        CannotJudge: If it does not, or our fake does not know it.
    """
    spotify = service.spotify
    settings = judging.settings(spotify.accounts_url)
    service.begin("the first login")
    deadline = time.monotonic() + patience.seconds(_SETTLING_SECONDS)
    while True:
        try:
            status = service.swap().status
        except AssertionError:
            status = 0
        entries = spotify.requests(Match(path="/api/token"))
        if status == 200 or entries or 0 < status < 500 or time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    seen = service.last_seen
    if not entries:
        hint = ""
        if status in (404, 405):
            hint = f" Or its endpoint is not {service.profile.swap}: say so with --swap-path."
        raise CannotJudge(
            f"The service at {judging.url} did not ask this fake of Spotify ({seen}). Probably its"
            f" accounts URL is not set to {settings['accounts_url']}.{hint}"
        )
    if status != 200 and (what := _WHAT.get(entries[-1].error)):
        raise CannotJudge(
            f"The fake of Spotify refused the service's first login with {entries[-1].error}:"
            f" probably {what.format_map(settings)} ({seen})."
        )
