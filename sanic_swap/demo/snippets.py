"""Code for an app of one's own, with the addresses of `dev` in it.

The files in `code/` hold the defaults, so that each is code as it stands.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

SNIPPETS = {
    "swift": "login.swift",
    "kotlin": "login.kt",
    "react-native": "login.ts",
    "flutter": "login.dart",
    "js": "login.js",
    "curl": "login.sh",
}
CALLBACKS = ("my-app://callback", "http://127.0.0.1/callback")  # the second with any port
CLIENT_ID = "477f8931a805905a7a7be491ff10faed"  # what `fake-spotify` has at every start, too
PORT, FAKE_PORT = 4343, 8090
HERE, EMULATOR = "127.0.0.1", "10.0.2.2"
_PAGE = "http://127.0.0.1:3000/callback"  # in the snippet for a browser


def snippet(
    kind: str, callbacks: Sequence[str], *, port: int, fake_port: int, lan_address: str | None
) -> str:
    """Return the code of one of `SNIPPETS`; *lan_address* is how a phone reaches this machine."""
    from importlib.resources import files  # here, because every command imports this module

    code = files(__package__ or "").joinpath("code", SNIPPETS[kind]).read_text("utf-8")
    for default, chosen in ((PORT, port), (FAKE_PORT, fake_port)):
        for host in (HERE, EMULATOR):
            code = code.replace(f"{host}:{default}/", f"{lan_address or host}:{chosen}/")
    if kind == "js":
        callback = next((uri for uri in callbacks if uri.startswith("http")), _PAGE)
        return code.replace(_PAGE, callback)
    callback = callbacks[0] if callbacks else CALLBACKS[0]
    url = urlsplit(callback)
    code = code.replace(CALLBACKS[0], "\0").replace('host="callback"', f'host="{url.netloc}"')
    return code.replace("my-app", url.scheme).replace("\0", callback)
