"""What requests a test expects, and which came that no client should ever send."""

from dataclasses import dataclass

from fake_spotify.apps.journal import Entry
from fake_spotify.matching import ANY, Match, Matcher, read

# Enough to see what is wrong; an endless loop in a client must not fill the memory.
_MOST_REMEMBERED = 20

# A refused grant (a token that was revoked, a code that is too old) happens to every client.
# These do not: the client itself is wrong, whatever its user did.
_MISTAKES = frozenset(
    {"invalid_client", "invalid_request", "server_error", "unsupported_grant_type"}
)


@dataclass(slots=True)
class Expectation:
    """A request that should come; `times` None is "at least once"."""

    match: Match
    times: int | None
    seen: int = 0

    def complaint(self) -> str | None:
        if self.seen == self.times or (self.times is None and self.seen):
            return None
        often = "at least once" if self.times is None else f"{self.times} times"
        return f"expected {self.match} {often}, saw {self.seen}"


class Expectations:
    """Compares the requests that come with those expected."""

    def __init__(self) -> None:
        self._expected: list[Expectation] = []
        self.unexpected: list[Entry] = []
        self._unexpected_count = 0
        self._nothing_else = False

    def expect(self, match: Matcher = ANY, *, times: int | None = None) -> None:
        """Expect what *match* picks, exactly *times* times, or at least once if that is None."""
        self._expected.append(Expectation(read(match), times))

    def expect_nothing_else(self) -> None:
        """From now on, report every request that no expectation picks."""
        self._nothing_else = True

    def add_entry(self, entry: Entry) -> None:
        """Count a request towards the expectations, or note it as unexpected."""
        is_expected = False
        for expectation in self._expected:
            if expectation.match.fits_answered(entry.request, entry.status, entry.error):
                expectation.seen += 1
                is_expected = True
        if not is_expected and (self._nothing_else or _is_mistake(entry)):
            self._unexpected_count += 1
            if len(self.unexpected) < _MOST_REMEMBERED:
                self.unexpected.append(entry)

    def complaints(self) -> list[str]:
        missing = [expectation.complaint() for expectation in self._expected]
        found = [complaint for complaint in missing if complaint is not None]
        found.extend(
            f"did not expect {entry}; to expect it: fake_spotify.expect(Match({_choices(entry)}))"
            for entry in self.unexpected
        )
        hidden = self._unexpected_count - len(self.unexpected)
        if hidden:
            found.append(f"and {hidden} more that were not expected")
        return found


def _choices(entry: Entry) -> str:
    match = Match(
        path=entry.request.path,
        grant_type=entry.request.parameters.get("grant_type"),
        status=None if entry.error else entry.status,
        error=entry.error or None,
    )
    return ", ".join(f"{name}={value!r}" for name, value in match.given().items())


def _is_mistake(entry: Entry) -> bool:
    if entry.fault:
        return False
    if entry.request.path == "/api/token":
        return entry.error in _MISTAKES
    if entry.request.path == "/v1/me":
        # Every client meets expired and revoked access tokens; a malformed header or another
        # method is a mistake.
        return entry.status in {400, 405}
    return entry.status >= 400
