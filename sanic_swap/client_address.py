"""Which address a client has, as far as the proxies in front may be believed.

A header is worth what the last trusted proxy wrote into it: whatever stands further left
in a list, the client may have written itself.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

FORWARDED_FOR = "X-Forwarded-For"
_HOST_BITS = 64  # of IPv6: what one household or phone has for itself (RFC 6177, RFC 7934)
# As proxies write it: bare (Heroku, Fly, nginx) or with a port (Azure). A zone belongs to
# one machine's link, and could hold any text.
_SPELLING = r"(?:([0-9.]{7,15})|\[([0-9A-Fa-f:.]{2,45})\])(?::[0-9]{1,5})?|([0-9A-Fa-f:.]{2,45})"


class AddressHeader(NamedTuple):
    """The header in which the operator's proxies write the client's address."""

    name: str  # in any case
    # Which entry of a list, counted from the right over all lines of that name; 1 is the last.
    # None: the header holds one address, and stands there once.
    place: int | None = None

    def client_in(self, lines: list[str]) -> str | None:
        """Return the client's address, None if *lines*, the values of the header, have none."""
        if self.place is None:
            entry = lines[0] if len(lines) == 1 else ""
        else:
            entries = ",".join(lines).rsplit(",", self.place)
            entry = entries[-self.place] if len(entries) >= self.place else ""
        match = re.fullmatch(_SPELLING, entry.strip(" \t"))
        try:
            return str(_unmapped(match[1] or match[2] or match[3])) if match else None
        except ValueError:
            return None


def network_of(address: str) -> str:
    """Return whose address it is, as far as an address can tell: IPv6 by /64.

    Who has one IPv6 address has 2^64 of them. What is no address comes back as it is.
    """
    try:
        parsed = _unmapped(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return f"{IPv6Address(int(parsed) >> _HOST_BITS << _HOST_BITS)}/{128 - _HOST_BITS}"


def _unmapped(text: str) -> IPv4Address | IPv6Address:
    """Return an address; the IPv4 one that a dual-stack socket shows as `::ffff:192.0.2.1`."""
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
