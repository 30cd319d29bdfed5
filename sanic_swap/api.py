"""The endpoints that apps call: `/swap`, `/refresh`, and their OAuth and Ruby spellings."""

from collections.abc import Mapping
from typing import Protocol, cast

from sanic import Request

from sanic_swap.answers import Answer, json_answer
from sanic_swap.body import media_type, read_fields
from sanic_swap.edge import Handler
from sanic_swap.in_flight import InFlight
from sanic_swap.parameters import REFRESH, SWAP, ParameterRules
from sanic_swap.swap import TokenSwap
from sanic_swap.swap_requests import SwapRequest
from sanic_swap.trace import RequestTrace

# Each endpoint, and the grant type that it stands for; None lets the request choose.
GRANT_TYPES: Mapping[str, str | None] = {
    "/swap": SWAP,
    "/refresh": REFRESH,
    "/api/token": None,
    "/api/refresh_token": REFRESH,
}


class BodyStream(Protocol):
    """What of a connection an endpoint needs to know."""

    async def read_body(self) -> bytes:
        """Return the whole body; raise BodyTooLarge as soon as it is known to be."""


def token_handler(
    swap: TokenSwap, rules: ParameterRules, in_flight: InFlight, grant_type: str | None
) -> Handler:
    """Return what answers at an endpoint for *grant_type*."""

    async def answer(request: Request, trace: RequestTrace) -> Answer:
        await in_flight.turn()
        headers, stream = request.headers, cast("BodyStream", request.stream)
        # Type, then size, then syntax: a body that nobody would read is not received.
        declared = media_type(
            headers.getall("content-type", []), headers.getall("content-encoding", [])
        )
        fields = read_fields(await stream.read_body(), declared)
        asked = rules.read(fields, grant_type)
        # Take a slot once the body is here, or slow senders would exhaust the limit.
        with in_flight:
            if isinstance(asked, SwapRequest):
                body = await swap.swap(asked, trace)
            else:
                body = await swap.refresh(asked, trace)
        return json_answer(body)

    return answer
