"""The endpoints that apps call."""

from typing import cast

from sanic import Blueprint, HTTPResponse, Request
from sanic.http import Http

from sanic_swap.answers import Finish, json_answer
from sanic_swap.body import LARGEST_BODY, TOO_LARGE, media_type, read_fields
from sanic_swap.client_address import AddressHeader
from sanic_swap.errors import BodyTooLarge
from sanic_swap.limits import InFlight
from sanic_swap.parameters import REFRESH, SWAP, ParameterRules
from sanic_swap.swap_requests import SwapRequest
from sanic_swap.token_swap import TokenSwap
from sanic_swap.trace import RequestTrace


def blueprint(
    swap: TokenSwap,
    rules: ParameterRules,
    in_flight: InFlight,
    finish: Finish,
    believed: AddressHeader | None = None,
) -> Blueprint:
    """
    Return `/swap`, `/refresh` and their OAuth and Ruby spellings under `/api`.

    Args:
        believed: Where proxies tell the client's address, if they are believed.
    """
    api = Blueprint("api")

    async def answer(request: Request, grant_type: str | None) -> HTTPResponse:
        if in_flight.is_full:
            await in_flight.turn()
        declared = media_type(
            request.headers.getall("content-type", []),
            request.headers.getall("content-encoding", []),
        )
        fields = read_fields(await _read_body(request), declared)
        asked = rules.read(fields, grant_type)
        client = request.ip
        if believed is not None:
            client = believed.client_of(client, request.headers)
        trace = request.ctx.trace = RequestTrace(client)
        # Not before the body is here: who sends slowly shall not take others' places.
        with in_flight:
            if isinstance(asked, SwapRequest):
                body = await swap.swap(asked, trace)
            else:
                body = await swap.refresh(asked, trace)
        return finish(request, json_answer(body))

    # Streamed, so that type and size are judged before a body is in memory.
    @api.post("/swap", stream=True)
    async def swap_code(request: Request) -> HTTPResponse:
        return await answer(request, SWAP)

    @api.post("/refresh", stream=True)
    async def refresh(request: Request) -> HTTPResponse:
        return await answer(request, REFRESH)

    @api.post("/api/token", stream=True)
    async def token(request: Request) -> HTTPResponse:
        return await answer(request, None)

    @api.post("/api/refresh_token", stream=True)
    async def refresh_token(request: Request) -> HTTPResponse:
        return await answer(request, REFRESH)

    return api


async def _read_body(request: Request) -> bytes:
    """Return the body; stop as soon as it is over the limit."""
    declared = request.headers.get("content-length")
    if declared is not None and int(declared) > LARGEST_BODY:
        raise BodyTooLarge(TOO_LARGE)
    stream = cast("Http", request.stream)  # what Sanic's server always sets
    body = b""
    while stream.request_body and (chunk := await stream.read()):
        body += chunk
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge(TOO_LARGE)
    return body
