"""Readers of settings that are URLs or origins; errors are as in `values`."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from sanic_swap.secret import Secret
from sanic_swap.settings.values import comma_separated, visible_text

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+\Z")
_ORIGIN = re.compile(r"\*|null|[A-Za-z][A-Za-z0-9+.-]*://[^\x00-\x20/?#@\x7f-\U0010ffff]+")
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_DEFAULT_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AccountsUrl:
    """
    Where Spotify's accounts service is.

    Attributes:
        url: Without a trailing slash.
        origin: RFC 6454: scheme://host[:port], lower case, default port left out.
        is_private: Whether nobody on the way can read along: https, or this machine.
    """

    url: str
    origin: str
    is_private: bool

    def __str__(self) -> str:
        return self.url


def callback_urls(text: str) -> tuple[str, ...]:
    """Read redirect URIs: absolute, with any scheme, without a fragment (RFC 6749 3.1.2)."""
    uris = comma_separated(text)
    if not uris:
        raise ValueError("must name at least one redirect URI")
    if any("//" in uri and "://" not in uri for uri in uris):
        raise ValueError("must have :// after the scheme, as in my-app://callback")
    if any(not _URI.match(uri) or "#" in uri for uri in uris):
        raise ValueError("must be redirect URIs with a scheme, no fragment, separated by commas")
    return uris


def origins(text: str) -> tuple[str, ...]:
    """Read web origins as browsers send them (RFC 6454), any scheme; also null and *."""
    entries = comma_separated(text)
    if not all(_ORIGIN.fullmatch(entry) for entry in entries):
        raise ValueError("must be origins such as https://app.example, without a path, or *")
    return entries


def accounts_url(text: str) -> AccountsUrl:
    """Read the URL of the accounts service; whether plain http is allowed is not decided here."""
    problem = "must be an http or https URL without user info, query or fragment"
    try:
        parts = urlsplit(visible_text(text))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(problem) from None
    if parts.scheme not in _DEFAULT_PORT or not host or port == 0:
        raise ValueError(problem)
    if "@" in parts.netloc or any(mark in text for mark in "?#\\"):
        raise ValueError(problem)
    authority = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORT[parts.scheme]:
        authority += f":{port}"
    origin = f"{parts.scheme}://{authority}"
    is_private = parts.scheme == "https" or is_loopback(host)
    return AccountsUrl(origin + parts.path.rstrip("/"), origin, is_private)


def store_url(text: str) -> Secret:
    """Read the URL of a Redis; it may hold a password."""
    wanted = "must be redis://HOST[:PORT][/DB], rediss://… or unix:///PATH[?db=N]"
    try:
        parts = urlsplit(visible_text(text))
        is_known = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
        is_socket = parts.scheme == "unix" and parts.path.startswith("/") and parts.path != "/"
    except ValueError:
        raise ValueError(wanted) from None
    number = parts.path.strip("/") if is_known else parts.query.removeprefix("db=")
    has_more = parts.fragment or (is_known and parts.query) or (number and not number.isdigit())
    if not (is_known or is_socket) or has_more:
        raise ValueError(wanted)
    return Secret(text)


def is_loopback(host: str) -> bool:
    """
    Say whether *host* is this machine itself, so that nobody on the way can read along.

    Addresses that merely lead there on some systems (`::ffff:127.0.0.1`) are not counted:
    Pythons differ about them, and the client secret goes in clear where this says yes.
    """
    try:
        return any(ip_address(host) in network for network in _LOOPBACK)
    except ValueError:
        return host.lower() == "localhost"
