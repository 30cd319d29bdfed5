"""Describes the API to machines (OpenAPI 3.1)."""

from sanic import Blueprint, HTTPResponse, Request

from sanic_swap.answers import object_answer
from sanic_swap.version import __version__


def blueprint() -> Blueprint:
    """Return `/openapi.json`."""
    described = Blueprint("openapi")

    @described.route("/openapi.json", methods=("GET", "HEAD"))
    async def description(_: Request) -> HTTPResponse:
        return object_answer(
            {
                "openapi": "3.1.0",
                "info": {"title": "sanic-swap", "version": __version__},
                "paths": {},
            }
        )

    return described
