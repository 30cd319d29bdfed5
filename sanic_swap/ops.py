"""The endpoints for people and machines that look after the service."""

from collections.abc import Callable
from enum import Enum
from importlib.resources import files

from sanic import Blueprint, HTTPResponse, Request

from sanic_swap.answers import Finish, json_answer, object_answer, page_answer
from sanic_swap.version import __version__


class Phase(Enum):
    """Where in its life the process is; the value is what `/readyz` says."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Readiness:
    """Whether traffic is welcome; the server says so, `/readyz` tells it."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.deadline: float | None = None  # of the drain, in the event loop's time
        self.troubles: list[Callable[[], bool]] = []  # each asked whether it is there now

    @property
    def draining(self) -> bool:
        """Whether the process is about to end."""
        return self.phase is Phase.DRAINING


def blueprint(readiness: Readiness, finish: Finish) -> Blueprint:
    """Return `/`, `/openapi.json`, `/healthz` and `/readyz`."""
    ops = Blueprint("ops")
    page, openapi = _data("index.html"), _data("openapi.json").encode()
    both = ("GET", "HEAD")

    @ops.route("/", methods=both)
    async def who_answers(request: Request) -> HTTPResponse:
        if "text/html" in request.headers.get("accept", "").lower():
            return finish(request, page_answer(page))
        links = {"openapi": "/openapi.json", "health": "/healthz", "ready": "/readyz"}
        told = {"service": "sanic-swap", "version": __version__, "links": links}
        return finish(request, object_answer(told))

    @ops.route("/openapi.json", methods=both)
    async def description(request: Request) -> HTTPResponse:
        return finish(request, json_answer(openapi))

    @ops.route("/healthz", methods=both)
    async def alive(request: Request) -> HTTPResponse:
        return finish(request, object_answer({"status": "ok"}))

    @ops.route("/readyz", methods=both)
    async def ready(request: Request) -> HTTPResponse:
        if readiness.phase is not Phase.READY:
            return finish(request, object_answer({"status": readiness.phase.value}, 503))
        is_degraded = any(is_there() for is_there in readiness.troubles)
        told = "degraded" if is_degraded else readiness.phase.value
        return finish(request, object_answer({"status": told}))

    return ops


def _data(name: str) -> str:
    """Return a data file of the package with our version in it."""
    text = files(__package__ or "").joinpath(name).read_text("utf-8")
    return text.replace("{version}", __version__)
