"""The endpoints for people and machines that look after the service."""

from collections.abc import Callable
from enum import Enum
from importlib.resources import files

from sanic import Request

from sanic_swap import __version__
from sanic_swap.trace import RequestTrace
from sanic_swap.web.answers import Answer, json_answer, object_answer, page_answer
from sanic_swap.web.edge import Handler

PATHS = ("/", "/healthz", "/readyz", "/openapi.json")
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
_FINE = frozenset({"ok", "unknown"})


class Phase(Enum):
    """Where in its life the process is; the value is what `/readyz` says."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Readiness:
    """Whether traffic is welcome; the server decides, `/readyz` says so."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        # What each part says of itself now, by a word.
        self.words: dict[str, Callable[[], str]] = {}
        self.are_credentials_good: Callable[[], bool] = lambda: True

    @property
    def draining(self) -> bool:
        """Whether the process is about to end."""
        return self.phase is Phase.DRAINING


def handlers(readiness: Readiness) -> dict[str, Handler]:
    """Return what answers GET and HEAD at each of `PATHS`."""
    page, description = _data("index.html"), _data("openapi.json").encode()

    async def who_answers(request: Request, _: RequestTrace) -> Answer:
        if "text/html" in request.headers.get("accept", "").lower():
            return page_answer(page)
        links = {"openapi": "/openapi.json", "health": "/healthz", "ready": "/readyz"}
        return object_answer({"service": "sanic-swap", "version": __version__, "links": links})

    async def alive(_: Request, __: RequestTrace) -> Answer:
        return object_answer({"status": "ok"})

    async def ready(_: Request, __: RequestTrace) -> Answer:
        words, phase = {name: word() for name, word in readiness.words.items()}, readiness.phase
        if phase is Phase.READY and not readiness.are_credentials_good():
            phase = Phase.STARTING
        if phase is not Phase.READY:
            return object_answer({"status": phase.value, **words}, 503)
        is_degraded = not _FINE.issuperset(words.values())
        return object_answer({"status": "degraded" if is_degraded else phase.value, **words})

    async def describe(_: Request, __: RequestTrace) -> Answer:
        return json_answer(description)

    return dict(zip(PATHS, (who_answers, alive, ready, describe), strict=True))


def _data(name: str) -> str:
    """Return a data file of this package with our version in it."""
    text = files(__package__ or "").joinpath(name).read_text("utf-8")
    return text.replace("{version}", __version__)
