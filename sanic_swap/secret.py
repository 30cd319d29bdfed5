"""A string that does not show itself."""

from hmac import compare_digest


class Secret:
    """
    Keep a code, token, key or password out of logs and tracebacks.

    `repr`, `str`, f-strings and `%s` show stars. `.reveal()` stands exactly where the
    value leaves the process or goes into a cipher.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the string itself."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return compare_digest(_encoded(self._value), _encoded(other._value))

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not serialised")


def _encoded(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")  # JSON can carry half a surrogate pair
