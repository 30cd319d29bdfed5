"""Keeps the control API from web pages of others, which a developer's browser may have open.

Such a page can send requests to loopback ports, and with a host name that changes its address
(DNS rebinding) it can even read the answers. Programs send none of these headers.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Return whether *host* is a name or an address of loopback (RFC 6761, 6.3)."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides which requests may control the fake."""

    listens_on: str  # on loopback, the fake answers to no other name
    allowed_hosts: frozenset[str] = frozenset()  # but to these

    def refusal(
        self, scheme: str, method: str, headers: Iterable[tuple[str, str]], *, is_page: bool
    ) -> str | None:
        """Say why a request is refused, or None; a page may be opened by a link from anywhere."""
        sent: dict[str, list[str]] = {}
        for name, value in headers:
            sent.setdefault(name.lower(), []).append(value.strip().lower())
        for name in ("host", "origin"):
            if len(sent.get(name, ())) > 1:
                return f"{name}: sent twice"
        host = sent.get("host", [""])[0]
        named = _place(f"http://{host}")
        is_known = named and (is_loopback(named[1]) or named[1] in self.allowed_hosts)
        if is_loopback(self.listens_on) and not is_known:
            return "host: is no loopback address; start fake-spotify with --allow-host to allow it"
        if is_page and method == "GET" and sent.get("sec-fetch-mode") == ["navigate"]:
            return None
        if "origin" in sent and _place(sent["origin"][0]) != _place(f"{scheme}://{host}"):
            return "origin: web pages of other origins must not control the fake"
        if not set(sent.get("sec-fetch-site", ())) <= {"same-origin", "none"}:
            return "sec-fetch-site: web pages of other sites must not control the fake"
        return None


def _place(origin: str) -> tuple[str, str, int] | None:
    """Split a lower-case origin; None if it is none, such as `null`."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or parts.username is not None:
        return None
    return parts.scheme, parts.hostname, port
