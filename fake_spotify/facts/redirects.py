"""Which redirect URIs Spotify accepts.

Source: https://developer.spotify.com/documentation/web-api/concepts/redirect_uri, and the blog
posts of 2025-02-12 and 2025-10-14 about the rules that hold for every app since 2025-11-27.
"""

import re
from collections.abc import Collection, Iterable
from urllib.parse import quote, urlsplit

# Literals only: `localhost` may resolve to another host, 127.0.0.1 cannot.
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(?=[/?]|\Z)")

# As the service reads CALLBACK_URL. An underscore in a scheme (my_app://) is against RFC 3986, 3.1,
# and browsers do not follow such a redirect: openid/AppAuth-Android#570 and #774.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21\x22\x24-\x7e]+\Z")


def is_uri(uri: str) -> bool:
    """Return whether *uri* is absolute, of any scheme, without a fragment (RFC 6749, 3.1.2)."""
    return _URI.match(uri) is not None


def is_insecure(uri: str) -> bool:
    """Return whether the rules of 2025 forbid *uri*: plain http off loopback, or `localhost`."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return True
    if host == "localhost" and parts.scheme in {"http", "https"}:
        return True
    return parts.scheme == "http" and not _LOOPBACK.match(uri)


def fits(uri: str, registered: Collection[str], *, any_port: bool) -> bool:
    """Return whether *uri* fits one of *registered*: is equal to it character for character.

    With *any_port* a loopback literal that was registered without a port fits every port, too
    (RFC 8252, 7.3), as it does since the rules of 2025.
    """
    loopback = _LOOPBACK.match(uri) if any_port else None
    if loopback is None or loopback[2] is None:
        return uri in registered
    return uri in registered or loopback[1] + uri[loopback.end() :] in registered


def with_query(uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    separator = "&" if "?" in uri else "?"
    return f"{uri}{separator}{_encoded(parameters)}"


def with_fragment(uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    return f"{uri}#{_encoded(parameters)}"


def _encoded(parameters: Iterable[tuple[str, str]]) -> str:
    # %20 and not "+": both decode the same as a form, but only this one also as a URI.
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)
