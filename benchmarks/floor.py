"""The floor: what a request costs when nothing is checked, sealed, logged or refused.

As little as Sanic and aiohttp allow: the form is the request's body behind some ready-made
bytes, address and headers are made once, no cookies are kept, no connection is waited for.
"""

import sys

import aiohttp
from multidict import CIMultiDict
from sanic import Request, Sanic, raw
from yarl import URL

_SWAP = b"grant_type=authorization_code&redirect_uri=benchmark%3A%2F%2Fcallback&"
_REFRESH = b"grant_type=refresh_token&"
_UPSTREAM = URL(f"{sys.argv[2]}/api/token")
_HEADERS = CIMultiDict(
    {
        "Authorization": aiohttp.encode_basic_auth("benchmark", "benchmark-secret"),
        "Content-Type": "application/x-www-form-urlencoded",
    }
)

app = Sanic("floor")


@app.before_server_start
async def open_session(app: Sanic) -> None:
    app.ctx.session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    )


@app.after_server_stop
async def close_session(app: Sanic) -> None:
    await app.ctx.session.close()


async def relayed(form: bytes):
    async with app.ctx.session.post(_UPSTREAM, data=form, headers=_HEADERS) as answer:
        return raw(await answer.read(), content_type="application/json")


@app.post("/swap")
async def swap(request: Request):
    return await relayed(_SWAP + request.body)


@app.post("/refresh")
async def refresh(request: Request):
    return await relayed(_REFRESH + request.body)


@app.get("/healthz")
async def healthz(_: Request):
    return raw(b'{"status":"ok"}', content_type="application/json")


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), single_process=True, access_log=False)
