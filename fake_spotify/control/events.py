"""The state of one app as server-sent events: what the page follows."""

import asyncio
import json

from aiohttp import web

from fake_spotify.apps.app import App
from fake_spotify.apps.directory import Directory
from fake_spotify.choices import ChoiceError
from fake_spotify.control import values

# State changes on any thread, so it is compared, rather than announced. That is cheap: counters.
_LOOK_SECONDS = 0.1
# A line now and then, so that a client that went away is noticed.
_HEARTBEAT_SECONDS = 15.0

MOST_REQUESTS = 500
_MOST_GRANTS = 200


async def stream(http: web.Request, app: App, directory: Directory) -> web.StreamResponse:
    """Send events until the client goes: `state`, `clear` and `requests`, each as JSON.

    `clear` says that the requests so far are gone; `requests` brings new ones, oldest first.
    """
    answer = web.StreamResponse(
        headers={"content-type": "text/event-stream", "cache-control": "no-store"}
    )
    await answer.prepare(http)
    loop = asyncio.get_running_loop()
    shown: object = None
    generation, number, spoke_at = 0, 0, loop.time()
    while True:
        try:
            with app.held():
                journal, now = app.journal, _fingerprint(app, directory)
                news = []
                if journal.generation != generation:
                    generation, number = journal.generation, 0
                    news.append(_event("clear", {}))
                if now != shown:
                    shown = now
                    news.append(_event("state", _state(app, directory)))
                if journal.number > number:
                    entries = journal.after(number, MOST_REQUESTS)
                    number = journal.number
                    news.append(_event("requests", [entry.members() for entry in entries]))
        except ChoiceError as error:  # the app was removed
            await answer.write(_event("gone", {"error": str(error)}))
            return answer
        if not news and loop.time() - spoke_at > _HEARTBEAT_SECONDS:
            news.append(b":\n\n")
        if news:
            spoke_at = loop.time()
            await answer.write(b"".join(news))
        await asyncio.sleep(_LOOK_SECONDS)


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _fingerprint(app: App, directory: Directory) -> tuple[object, ...]:
    clock = app.clock
    # To the second: a clock that runs drifts by less from one look to the next.
    ahead = None if clock.is_frozen else round(clock.ahead_seconds)
    return (
        *(id(app.ledger), app.ledger.changes, id(app.fault_queue), app.fault_queue.changes),
        *(clock.is_frozen and clock.now(), ahead, tuple(app.users_by_id.values())),
        *(app.policy, app.redirect_uris, tuple(other.client_id for other in directory)),
    )


def _state(app: App, directory: Directory) -> dict[str, object]:
    grants = app.grants()
    return {
        "app": values.of_app(app),
        "apps": [{"client_id": other.client_id, "name": other.name} for other in directory],
        "clock": values.of_clock(app.clock),
        "users": [values.of_user(app, user) for user in app.users],
        "grants": [values.of_grant(app, grant) for grant in grants[-_MOST_GRANTS:]],
        "grant_count": len(grants),
        "faults": [values.of_fault(planned) for planned in app.faults()],
    }
