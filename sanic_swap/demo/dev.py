"""The command `dev`: an app of one's own against the fake, with a line for each of its requests."""

import argparse
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from importlib.resources import files
from urllib.parse import urlsplit

from sanic_swap.demo.lines import Values, of_fake, of_service
from sanic_swap.demo.pair import LocalPair, PairFailed, running_pair, send
from sanic_swap.settings.urls import callback_urls

# The names of the files in `code/`: code with the defaults in it, which runs as it stands.
SNIPPETS = ("swift", "kotlin", "react-native", "flutter", "js", "curl")
CALLBACKS = ("my-app://callback", "http://127.0.0.1/callback")  # the second with any port
PORT, FAKE_PORT = 4343, 8090
HERE, EMULATOR = "127.0.0.1", "10.0.2.2"
_PAGE = "http://127.0.0.1:3000/callback"  # in the snippet for a browser
_POLL_SECONDS = 0.3
_SETTINGS = {
    # A new key at each start, and refusals at once: a developer must see what a log-out does.
    "UNKNOWN_KEY": "reject",
    "LEGACY_TOKENS": "none",
    "REVOCATION_GUARD": "off",
    "CORS_ORIGINS": "http://localhost:*,https://localhost:*,http://127.0.0.1:*,http://[::1]:*,"
    "capacitor://localhost,ionic://localhost",
}
_WITH_SDK = """\
Spotify's own SDKs always log in at the real Spotify. With this fake, the app opens "log in at" by
itself: ASWebAuthenticationSession, Custom Tabs, expo-auth-session, flutter_web_auth_2."""
_LAN_WARNING = """\
Everyone in this network can use the service and control the fake: use --lan only where you trust
them. Plain http needs on iOS: NSAppTransportSecurity > NSAllowsLocalNetworking = YES and
NSLocalNetworkUsageDescription in Info.plist; on Android: android:usesCleartextTraffic="true"."""


def dev(words: Sequence[str], description: str) -> int:
    """Run fake and service until Ctrl-C, or do else what *words* say; return the exit code."""
    arguments = _arguments(words, description)
    callbacks, port, fake_port = arguments.callbacks, arguments.port, arguments.fake_port
    phone = _lan_address() if arguments.lan else None
    if kind := arguments.snippet:
        print(snippet(kind, callbacks, port=port, fake_port=fake_port, lan_address=phone), end="")
        return 0
    host = "0.0.0.0" if arguments.lan else HERE  # noqa: S104 - asked for, with a warning
    fake_options = ["--host", host, "--port", str(fake_port)]
    try:
        _check_free(host, port, "--port")
        _check_free(host, fake_port, "--fake-port")
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        with running_pair(callbacks, fake_options, HOST=host, PORT=str(port), **_SETTINGS) as pair:
            print(_block(pair, phone), flush=True)
            _follow(pair)
    except PairFailed as error:
        print(f"sanic-swap dev: {error}", file=sys.stderr)
        return 1
    return 0


def snippet(
    kind: str, callbacks: Sequence[str], *, port: int, fake_port: int, lan_address: str | None
) -> str:
    """Return the code of one of `SNIPPETS`; *lan_address* is how a phone reaches this machine."""
    folder = files(__package__ or "").joinpath("code")
    [file] = [each for each in folder.iterdir() if each.name.startswith(f"{kind}.")]
    code = file.read_text("utf-8")
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


def _arguments(words: Sequence[str], description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser("sanic-swap dev", description=description, allow_abbrev=False)
    add, default = parser.add_argument, f"{' and '.join(CALLBACKS)}, any port"
    text = f"a redirect URI of your app; may be repeated (default: {default})"
    add("--callback", action="append", default=[], metavar="URI", help=text)
    add("--port", type=int, default=PORT, help="of the service (default: %(default)s)")
    add("--fake-port", type=int, default=FAKE_PORT, help="of the fake (default: %(default)s)")
    add("--snippet", choices=SNIPPETS, help="only print the code for one kind of app, and end")
    add("--lan", action="store_true", help="reachable for phones in your network, too")
    arguments, unknown = parser.parse_known_args(words)
    if unknown:  # not repeated: it may be a token
        parser.error("unknown arguments")
    try:
        arguments.callbacks = callback_urls(",".join(arguments.callback or CALLBACKS))
    except ValueError:
        given = " ".join(arguments.callback)
        parser.error(f"--callback {given}: a redirect URI has a scheme, ://, and no #")
    return arguments


def _follow(pair: LocalPair) -> None:
    """Print what service and fake hear from the app, until KeyboardInterrupt."""
    fake = pair.fake
    values = Values(_at(pair.service_url, HERE), fake.client_id, fake.redirect_uris)

    def on_line(text: str) -> None:
        is_log = text.startswith("{")  # or it is a warning of the fake
        _print(of_service(json.loads(text), values) if is_log else f"✗ {text.strip()}")

    pair.on_line = on_line
    latest = 0
    while True:
        answer = send("GET", f"{fake.control_url}/requests?limit=50")
        for entry in json.loads(answer.body)["requests"]:
            if entry["number"] > latest:
                latest = entry["number"]
                _print(of_fake(entry, values))
        time.sleep(_POLL_SECONDS)


def _print(line: str | None) -> None:
    """Print a line, in colour on a terminal, unless NO_COLOR is set."""
    if line is not None:
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            line = f"\x1b[{32 if line[0] == '✓' else 31}m{line[0]}\x1b[0m{line[1:]}"
        print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _block(pair: LocalPair, phone: str | None) -> str:
    """Return what is pasted into the app."""
    places = {"This machine, and the iOS simulator": HERE, "The Android emulator": EMULATOR}
    if phone is not None:
        places["A phone in this network"] = phone
    text = ["Fake Spotify and the service are running. Paste into your app:", ""]
    for place, host in places.items():
        service, login = _at(pair.service_url, host), _at(pair.authorize_url(), host)
        text += [
            place,
            f"  token swap URL     {service}/swap",
            f"  token refresh URL  {service}/refresh",
            f"  log in at          {login}",
        ]
    text += [
        "Everywhere",
        f"  client id          {pair.fake.client_id}",
        f"  callback           {' or '.join(pair.fake.redirect_uris)}",
        "",
        _WITH_SDK,
        "",
        *([_LAN_WARNING, ""] if pair.settings["HOST"] != HERE else []),
        f"Watch and break things: {pair.fake.control_url}/",
        f"Code for your app: sanic-swap dev --snippet {'|'.join(SNIPPETS)}",
        "",
        "Your app's requests (Ctrl-C ends it all):",
    ]
    return "\n".join(text)


def _at(url: str, host: str) -> str:
    """Return *url* as it is reached by way of *host*."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{host}:{parts.port}").geturl()


def _lan_address() -> str | None:
    """Return this machine's address in its network; None if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; RFC 5737, an address of nobody
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _check_free(host: str, port: int, option: str) -> None:
    """Raise PairFailed, which names the option that changes it, if *port* cannot be had."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        text = f"port {port} is taken ({error.strerror}); choose another with {option}"
        raise PairFailed(text) from None
