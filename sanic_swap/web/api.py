"""The endpoints that apps call: `/swap`, `/refresh`, and their OAuth and Ruby spellings."""

from collections.abc import Mapping
from typing import Any

from sanic import Request

from sanic_swap.swap.limits import InFlight
from sanic_swap.swap.token_swap import SwapRequest, TokenSwap
from sanic_swap.trace import RequestTrace
from sanic_swap.web.answers import Answer
from sanic_swap.web.body import media_type, read_fields
from sanic_swap.web.edge import Handler
from sanic_swap.web.parameters import REFRESH, SWAP, ParameterRules

# Each endpoint, and the grant type that it stands for; None lets the request choose.
GRANT_TYPES: Mapping[str, str | None] = {
    "/swap": SWAP,
    "/refresh": REFRESH,
    "/api/token": None,
    "/api/refresh_token": REFRESH,
}


def token_handler(
    swap: TokenSwap, rules: ParameterRules, in_flight: InFlight, grant_type: str | None
) -> Handler:
    """Return what answers at an endpoint for *grant_type*."""

    async def answer(request: Request, trace: RequestTrace) -> Answer:
        if in_flight.is_full:
            await in_flight.turn()
        headers = request.headers
        stream: Any = request.stream
        # Type, then size, then syntax: a body of another type is not received.
        declared = media_type(
            headers.getall("content-type", []), headers.getall("content-encoding", [])
        )
        # Not `request.receive_body`, which would ask for more after the whole of it.
        fields = read_fields(await stream.read(), declared)
        token_request = rules.read(fields, grant_type)
        # Take a slot once the body is here, or slow senders would exhaust the limit.
        with in_flight:
            if isinstance(token_request, SwapRequest):
                body = await swap.swap(token_request, trace)
            else:
                body = await swap.refresh(token_request, trace)
        return Answer(body)

    return answer
