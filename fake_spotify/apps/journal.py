"""The latest requests and their answers, and whether they are those that a test expects."""

import itertools
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from fake_spotify.matching import ANY, Match, Matcher, Request, read
from fake_spotify.replies import Reply

MOST_ENTRIES = 10_000
MOST_BYTES = 64_000_000
MOST_BODY_BYTES = 16 * 1024

NO_ANSWER = Reply(0)
_generations = itertools.count(1)

# Enough to see what is wrong; an endless loop in a client must not fill the memory.
_MOST_REMEMBERED = 20

# A refused grant (a token that was revoked, a code that is too old) happens to every client.
# These do not: the client itself is wrong, whatever its user did.
_MISTAKES = frozenset(
    {"invalid_client", "invalid_request", "server_error", "unsupported_grant_type"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer. Every secret in it is the fake's own, so none is hidden."""

    request: Request
    at: float = 0.0  # Unix seconds, by the app's clock
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""  # cut after 16 KiB
    answer: Reply = NO_ANSWER  # a fault may have damaged it on its way
    error: str = ""  # Spotify's `error`, or the words on a page
    fault: str = ""  # the kind of the fault that was played, if any
    why: str = ""  # why it was refused, and what to change, in one sentence
    number: int = 0  # counts from 1 for each app; the journal gives it

    @property
    def status(self) -> int:
        """The status of the answer, 0 if there was none."""
        return self.answer.status

    def members(self) -> dict[str, object]:
        return {
            "number": self.number,
            "at": self.at,
            "client_id": self.request.client_id,
            "method": self.request.method,
            "path": self.request.path,
            "parameters": dict(self.request.parameters),
            "headers": dict(self.headers),
            "body": self.body.decode(errors="replace"),
            "status": self.status,
            "error": self.error,
            "fault": self.fault,
            "why": self.why,
            "answer": {
                "headers": list(map(list, self.answer.headers)),
                "body": self.answer.plain_body()[:MOST_BODY_BYTES].decode(errors="replace"),
            },
        }

    def __str__(self) -> str:
        answer = self.status or "no answer"
        grant_type = self.request.parameters.get("grant_type")
        about = f" ({grant_type})" if grant_type else ""
        error = f" {self.error}" if self.error else ""
        return f"{self.request.method} {self.request.path}{about} -> {answer}{error}"


class Journal:
    """Keeps the latest requests of one app; *on_entry* is called with each, kept or not."""

    def __init__(self, on_entry: Callable[[Entry], None]) -> None:
        self._entries: deque[Entry] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self.number = 0
        self.generation = next(_generations)  # another one after each `clear`, in each journal
        self._on_entry = on_entry

    def add(self, entry: Entry) -> None:
        """Number and keep *entry*; past 10,000, or 64 MB, the oldest are forgotten."""
        self.number += 1
        # Count the whole body: its parameters are kept whole, too.
        size = len(entry.body) + sum(map(len, entry.headers.values())) + len(entry.answer.body)
        self._sizes.append(size)
        self._bytes += size
        entry = replace(entry, number=self.number, body=entry.body[:MOST_BODY_BYTES])
        self._entries.append(entry)
        while len(self._entries) > MOST_ENTRIES or self._bytes > MOST_BYTES:
            self._entries.popleft()
            self._bytes -= self._sizes.popleft()
        self._on_entry(entry)

    def entries(self, match: Matcher = ANY) -> list[Entry]:
        """Return the requests that *match* picks, oldest first."""
        match = read(match)
        return [
            entry
            for entry in list(self._entries)
            if match.fits_answered(entry.request, entry.status, entry.error)
        ]

    def after(self, number: int, most: int) -> list[Entry]:
        """Return the latest requests after *number*, at most so many, oldest first."""
        count = min(self.number - number, most, len(self._entries))
        return list(itertools.islice(self._entries, len(self._entries) - count, None))

    def clear(self) -> None:
        """Forget all requests; numbering continues."""
        self._entries.clear()
        self._sizes.clear()
        self._bytes = 0
        self.generation = next(_generations)


@dataclass(slots=True)
class Expectation:
    """A request that should come."""

    match: Match
    times: int | None  # None is "at least once"
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
