"""The shortest swap service that keeps every promise, on another framework than ours: aiohttp.

CLIENT_ID=… CLIENT_SECRET=… CALLBACK_URL=… SPOTIFY_ACCOUNTS_URL=… PORT=… python correct_service.py

It is here to be judged. Functions are looked up as globals so that `faulty_service.py` can
plant a fault in each.
"""

import asyncio
import json
import os
import re
import secrets
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

ENV = os.environ
SECONDS = float(ENV.get("SPOTIFY_TIMEOUT", "1"))
BOX = SecretBox(secrets.token_bytes(32))
MOST_BYTES = 16_384
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+\Z")  # RFC 6749 section 5.2
RULES = {
    "code": r"[\x21-\x7e]{1,2048}",
    "refresh_token": r"[\x21-\x7e]{1,4096}",
    "code_verifier": r"[A-Za-z0-9._~-]{43,128}",
    "redirect_uri": re.escape(ENV["CALLBACK_URL"]),
    "client_id": re.escape(ENV["CLIENT_ID"]),
    "grant_type": r"authorization_code|refresh_token",
}
ERRORS = {"client_id": "invalid_client", "grant_type": "unsupported_grant_type"}
SWAP, REFRESH, BOTH = "/swap", "/refresh", "/api/token"
PATHS = {SWAP, REFRESH, BOTH, "/api/refresh_token"}


class Refused(Exception):
    """An error that an app gets."""

    def __init__(self, status: int, error: str, words: str = "", **headers: str) -> None:
        super().__init__(error)
        self.status, self.error, self.words, self.headers = status, error, words, headers


def unavailable(status: int, seconds: int = 1) -> Refused:
    wait = {"Retry-After": str(min(seconds, 86_400))} if status in (429, 503) else {}
    return Refused(status, "temporarily_unavailable", "Try again later", **wait)


def seal(token: str) -> str:
    return BOX.encrypt(token.encode()).hex()


def unseal(sealed: str) -> str:
    try:
        return BOX.decrypt(bytes.fromhex(sealed)).decode()
    except (ValueError, CryptoError):
        raise Refused(400, "invalid_grant", "The refresh token is not ours") from None


def log(line: str) -> None:
    """Write what an operator may see."""
    print(line, flush=True)


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a member twice")
    return dict(pairs)


def read(body: bytes) -> dict[str, str]:
    """Read a form or a JSON object, each value by its rule."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text) if text[:1] != "{" else list(json.loads(text).items())
    except ValueError:
        raise Refused(400, "invalid_request", "The body cannot be read") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        if name not in RULES:
            continue
        if name in form or not re.fullmatch(RULES[name], value):
            raise Refused(400, ERRORS.get(name, "invalid_request"), f"{name} is wrong")
        form[name] = value
    return form


async def call_spotify(form: dict[str, str]) -> tuple[int, str, bytes]:
    """Return Spotify's status, Retry-After and body."""
    options = {"cookie_jar": aiohttp.DummyCookieJar(), "auto_decompress": False}
    limit = aiohttp.ClientTimeout(total=SECONDS)
    connector = aiohttp.TCPConnector(force_close=True)
    basic = aiohttp.encode_basic_auth(ENV["CLIENT_ID"], ENV["CLIENT_SECRET"])
    headers = {"Authorization": basic, "Accept-Encoding": "identity"}
    url = f"{ENV['SPOTIFY_ACCOUNTS_URL']}/api/token"
    async with (
        aiohttp.ClientSession(connector=connector, timeout=limit, **options) as session,
        session.post(url, data=form, headers=headers, allow_redirects=False) as answer,
    ):
        body = b""
        async for piece in answer.content.iter_chunked(MOST_BYTES):
            body += piece
            if len(body) > MOST_BYTES:
                raise Refused(502, "server_error", "Spotify answered nonsense")
        return answer.status, answer.headers.get("Retry-After", ""), body


async def ask_spotify(form: dict[str, str]) -> dict[str, object]:
    """Return the members of Spotify's token answer."""
    try:
        status, wait, body = await call_spotify(form)
    except TimeoutError:
        raise unavailable(504) from None
    except aiohttp.ClientResponseError:
        raise Refused(502, "server_error", "Spotify answered nonsense") from None
    except aiohttp.ClientError:
        raise unavailable(502) from None
    return interpret(status, wait, body)


def interpret(status: int, wait: str, body: bytes) -> dict[str, object]:
    """Return a token answer; raise what an app gets for anything else."""
    if status == 429 or status >= 500:
        raise unavailable(429 if status == 429 else 503, seconds_in(wait))
    try:
        members = json.loads(body, object_pairs_hook=unique)
    except ValueError:
        members = None
    match status, members:
        case 200, {"access_token": str(access), **rest} if access:
            if isinstance(rest.get("refresh_token") or "", str):
                return members
        case ((400 | 401 | 403), {"error": "invalid_client"}):
            raise unavailable(503, 300)
        case ((400 | 401 | 403), {"error": str(error)}) if error:
            words = str(members.get("error_description"))
            is_fine = DESCRIPTION.match(words) and "invalid_grant" not in words
            has_words = "error_description" in members and is_fine
            shown = words if has_words else "Spotify refused it"
            raise Refused(400 if status == 401 else status, error, shown)
    raise Refused(502, "server_error", "Spotify answered nonsense")


def seconds_in(wait: str) -> int:
    if wait.isdigit():
        return int(wait)
    try:
        return max(1, round(parsedate_to_datetime(wait).timestamp() - time()))
    except ValueError:
        return 1


async def swap_or_refresh(path: str, body: bytes) -> dict[str, object]:
    form = read(body)
    default = "refresh_token" if path.startswith(("/refresh", "/api/r")) else "authorization_code"
    kind = form.get("grant_type", default)
    if kind != default and path != BOTH:
        raise Refused(400, "unsupported_grant_type", "Another endpoint takes it")
    needed = "code" if kind == "authorization_code" else "refresh_token"
    value = form.get(needed)
    if value in (None, "(null)", "null", "undefined"):
        raise Refused(400, "invalid_request", f"{needed} is missing")
    if needed == "code":
        uri = {"redirect_uri": ENV["CALLBACK_URL"]}
        verifier = {name: form[name] for name in ("code_verifier",) if name in form}
        members = await ask_spotify({"grant_type": kind, "code": value, **uri, **verifier})
    else:
        members = await ask_spotify({"grant_type": kind, "refresh_token": unseal(value)})
    return with_sealed(members, value if needed == "refresh_token" else None)


def with_sealed(members: dict[str, object], old: str | None) -> dict[str, object]:
    """Return Spotify's members with a sealed refresh token, always."""
    new = members.pop("refresh_token", None)
    sealed = seal(str(new)) if new else old
    return {**members, "refresh_token": sealed} if sealed else members


async def answer(request: web.Request) -> web.Response:
    """Answer any request."""
    path = request.path.rstrip("/")
    if path not in PATHS:
        raise Refused(404, "invalid_request", "There is no such endpoint")
    if request.method == "OPTIONS":
        return web.Response(status=204, headers={"Allow": "POST, OPTIONS"})
    if request.method != "POST":
        raise Refused(405, "invalid_request", "Only POST is allowed", Allow="POST, OPTIONS")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, "invalid_request", "The body is too large") from None
    return web.json_response(await swap_or_refresh(path, body))


async def handle(request: web.Request) -> web.Response:
    """Answer any request, errors too, with the headers that every answer has."""
    try:
        response = await answer(request)
    except Refused as error:
        told = {"error": error.error, "error_description": error.words}
        response = web.json_response(told, status=error.status, headers=error.headers)
    log(f"{request.method} {request.path} {response.status}")
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Pragma": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "X-Request-ID": secrets.token_hex(8),
        }
    )
    return response


def main() -> None:
    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_route("*", "/{path:.*}", lambda request: handle(request))
    port = int(ENV["PORT"])
    web.run_app(app, host="127.0.0.1", port=port, print=None, loop=asyncio.new_event_loop())


if __name__ == "__main__":
    main()
