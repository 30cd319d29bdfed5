"""The endpoints that apps call."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sanic import Blueprint, HTTPResponse, Request

from sanic_swap.answers import Finish, has_hung_up, json_answer
from sanic_swap.body import media_type, read_fields
from sanic_swap.client_address import AddressHeader
from sanic_swap.in_flight import InFlight
from sanic_swap.parameters import REFRESH, SWAP, ParameterRules
from sanic_swap.swap import TokenSwap
from sanic_swap.swap_requests import SwapRequest
from sanic_swap.trace import RequestTrace

if TYPE_CHECKING:
    from sanic_swap.rate_limit import RateLimit


@dataclass(frozen=True, slots=True)
class SwapLimit:
    """How often a client may swap, and where proxies tell its address, if they are believed."""

    rate_limit: "RateLimit"
    believed: AddressHeader | None

    async def count(self, request: Request) -> None:
        """
        Count one swap.

        Raises:
            RateLimited: If it is one too many.
        """
        client = request.ip
        if self.believed is not None:
            client = self.believed.client_of(client, request.headers)
        await self.rate_limit.count_swap(client)


def blueprint(
    swap: TokenSwap,
    rules: ParameterRules,
    in_flight: InFlight,
    finish: Finish,
    swap_limit: SwapLimit | None = None,
) -> Blueprint:
    """Return `/swap`, `/refresh` and their OAuth and Ruby spellings under `/api`."""
    api = Blueprint("api")

    async def answer(request: Request, grant_type: str | None) -> HTTPResponse:
        if in_flight.is_full:
            await in_flight.turn()
        declared = media_type(
            request.headers.getall("content-type", []),
            request.headers.getall("content-encoding", []),
        )
        await request.receive_body()
        fields = read_fields(request.body, declared)
        asked = rules.read(fields, grant_type)
        trace = request.ctx.trace = RequestTrace()
        # Not before the body is here: who sends slowly shall not take others' places.
        with in_flight:
            if isinstance(asked, SwapRequest):
                if swap_limit is not None:
                    await swap_limit.count(request)
                body = await swap.swap(asked, trace)
            else:
                body = await swap.refresh(asked, trace, partial(has_hung_up, request))
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
