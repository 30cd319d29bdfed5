"""The floor: what a refresh costs when nothing is checked, sealed, logged or refused."""

import sys

import aiohttp
from sanic import Request, Sanic, raw

app = Sanic("floor")


@app.before_server_start
async def open_session(app: Sanic) -> None:
    credentials = aiohttp.encode_basic_auth("benchmark", "benchmark-secret")
    app.ctx.session = aiohttp.ClientSession(headers={"Authorization": credentials})


@app.after_server_stop
async def close_session(app: Sanic) -> None:
    await app.ctx.session.close()


@app.post("/refresh")
async def refresh(request: Request):
    form = {"grant_type": "refresh_token", "refresh_token": request.form.get("refresh_token")}
    async with app.ctx.session.post(f"{sys.argv[2]}/api/token", data=form) as answer:
        return raw(await answer.read(), content_type="application/json")


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), single_process=True, access_log=False)
