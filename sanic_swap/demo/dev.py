"""The command `dev`: an app of one's own against the fake, with a line for each of its requests."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from sanic_swap.demo import lines, snippets
from sanic_swap.demo.flow import authorize_url, send
from sanic_swap.demo.pair import LocalPair, PairFailed, running_pair
from sanic_swap.demo.snippets import CALLBACKS, EMULATOR, HERE, SNIPPETS
from sanic_swap.settings.urls import callback_urls

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


def dev(
    *, callback: Sequence[str], port: int, fake_port: int, lan: bool, snippet: str | None
) -> int:
    """Run fake and service until Ctrl-C; return the exit code.

    Args:
        callback: The app's redirect URIs, by default `CALLBACKS`.
        port, fake_port: Of the service and of the fake; 0 is a free one.
        lan: Listen to other machines in the network, too.
        snippet: Only print the code for this kind of app.
    """
    try:
        callbacks = callback_urls(",".join(callback)) if callback else CALLBACKS
    except ValueError:
        text = f"--callback {' '.join(callback)}: a redirect URI has a scheme, ://, and no #"
        print(f"sanic-swap dev: {text}", file=sys.stderr)
        return 2
    phone = _lan_address() if lan else None
    if snippet is not None:
        ports = {"port": port, "fake_port": fake_port}
        print(snippets.snippet(snippet, callbacks, lan_address=phone, **ports), end="")
        return 0
    host = "0.0.0.0" if lan else HERE  # noqa: S104 - asked for, with a warning
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


def _follow(pair: LocalPair) -> None:
    """Print what service and fake hear from the app, until KeyboardInterrupt."""
    fake, service = pair.fake, _at(pair.service_url, HERE)
    callbacks = tuple(fake.redirect_uris)
    values = lines.Values(f"{service}/swap", f"{service}/refresh", fake.client_id, callbacks)

    def on_line(text: str) -> None:
        is_log = text.startswith("{")  # or it is a warning of the fake
        _print(lines.of_service(json.loads(text), values) if is_log else f"✗ {text.strip()}")

    pair.on_line = on_line
    latest = 0
    while True:
        answer = send("GET", f"{fake.control_url}/requests?limit=50")
        for entry in json.loads(answer.body)["requests"]:
            if entry["number"] > latest:
                latest = entry["number"]
                _print(lines.of_fake(entry, values))
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
        service, login = _at(pair.service_url, host), _at(authorize_url(pair), host)
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
