"""The correct service with faults that real swap services have, to see whether they are found.

FAULTS='no sealing, hangs' CLIENT_ID=… … python faulty_service.py
"""

import json
import os
import secrets
import subprocess
import sys
from functools import partial

# Beside this file, however it is started.
sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - before anything else is imported

import aiohttp
import correct_service as service
from aiohttp import web

PAD = b"one pad for all users " * 200
CORRECT = dict(vars(service))


def plant(function):
    """Put a faulty function into the place of the correct one."""
    setattr(service, function.__name__, function)


def xor(data: bytes, pad: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(data, pad, strict=False))


def no_sealing():
    service.seal = service.unseal = str


def two_time_pad():
    service.seal = lambda token: xor(token.encode(), PAD).hex()
    service.unseal = lambda sealed: xor(bytes.fromhex(sealed), PAD).decode("latin-1")


def seal_without_authentication():
    """Notices changes of its padding and of its beginning, and of nothing else."""

    @plant
    def seal(token):
        nonce = secrets.token_bytes(16)
        return "00" + nonce.hex() + xor(token.encode(), nonce * 200).hex() + "00" * 8

    @plant
    def unseal(sealed):
        if not (sealed.startswith("00") and sealed.endswith("00" * 8)):
            raise service.Refused(400, "invalid_grant", "Bad padding")
        data = bytes.fromhex(sealed)
        return xor(data[17:-8], data[1:17] * 200).decode("latin-1")


def plain_on_rotation():
    @plant
    def with_sealed(members, old):
        return members if old else CORRECT["with_sealed"](members, old)


def dies_on_lost_connections():
    @plant
    async def call_spotify(form):
        try:
            return await CORRECT["call_spotify"](form)
        except aiohttp.ClientConnectionError:
            os._exit(1)  # an error that nobody handles


def hangs():
    service.SECONDS = 3600


def html_errors():
    @plant
    async def answer(request):
        try:
            return await CORRECT["answer"](request)
        except service.Refused as error:
            page = f"<h1>{error.error}</h1>"
            return web.Response(status=error.status, text=page, content_type="text/html")


def logs_tokens():
    @plant
    def read(body):
        service.log(str(body))
        return CORRECT["read"](body)


def long_log():
    service.log = lambda line: print(f"{line} {'nothing that is secret ' * 40_000}", flush=True)


def refusals_are_200():
    @plant
    async def answer(request):
        try:
            return await CORRECT["answer"](request)
        except service.Refused as error:
            return web.json_response({"error": error.error, "error_description": error.words})


def no_verifier():
    @plant
    def read(body):
        form = CORRECT["read"](body)
        form.pop("code_verifier", None)
        return form


def json_in_a_string():
    @plant
    async def answer(request):
        response = await CORRECT["answer"](request)
        return web.json_response(response.text)


def tokens_in_a_list():
    @plant
    async def answer(request):
        response = await CORRECT["answer"](request)
        return web.json_response(list(json.loads(response.text).values())[::-1])


def workers_survive():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


def needs_a_content_type():
    """Parses JSON by its label, as many HTTP libraries do."""

    class Labelled(aiohttp.ClientResponse):
        async def start(self, connection):
            response = await super().start(connection)
            if self.content_type != "application/json":
                self.content = aiohttp.streams.EMPTY_PAYLOAD
            return response

    aiohttp.ClientSession = partial(aiohttp.ClientSession, response_class=Labelled)


def equal_codes_share_an_answer():
    shared = {}

    @plant
    async def call_spotify(form):
        code = form.get("code", secrets.token_hex(8))
        if code not in shared:
            shared[code] = service.asyncio.ensure_future(CORRECT["call_spotify"](form))
        return await shared[code]


def refuses_every_refresh():
    @plant
    def unseal(_):
        raise service.Refused(400, "invalid_grant", "No")


def blames_the_user():
    @plant
    def interpret(status, wait, body):
        if status >= 500:
            raise service.Refused(400, "invalid_grant", "Log in again")
        return CORRECT["interpret"](status, wait, body)


def never_recovers():
    troubles = []

    @plant
    def interpret(status, wait, body):
        if status >= 500:
            troubles.append(status)
        return CORRECT["interpret"](max([status, *troubles]), wait, body)


if __name__ == "__main__":
    for name in os.environ["FAULTS"].split(","):
        globals()[name.strip().replace(" ", "_")]()
    service.main()
