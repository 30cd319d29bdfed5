"""Requests as raw bytes, and what has to come back: who sends what RFC 9112 does not have, and
who sends what it has and few send.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

CRLF = b"\r\n"
HOST = "Host: swap.example"
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
# Asks for an answer that nobody else gets: where it comes, a smuggled request was served.
SMUGGLED = b"GET /readyz HTTP/1.1\r\nHost: swap.example\r\n\r\n"


@dataclass(frozen=True)
class Outcome:
    """
    What has to come back.

    Attributes:
        statuses: Of each answer, in order.
        error: The `error` of the last answer, None if it is no error.
        kept: Whether the connection takes another request afterwards.
    """

    statuses: tuple[int, ...]
    error: str | None = None
    kept: bool = False


@dataclass(frozen=True)
class Case:
    """One connection's bytes."""

    name: str
    sent: bytes
    outcome: Outcome
    half_closes: bool = False


SERVED = Outcome((200,), kept=True)
SERVED_LAST = Outcome((200,))
BAD = Outcome((400,), "invalid_request")
# The fake has not issued the code: the request came through all of the service, and was read.
ASKED = Outcome((400,), "invalid_grant", kept=True)
ASKED_LAST = Outcome((400,), "invalid_grant")
REFUSED = Outcome((400,), "invalid_request", kept=True)
NOTHING = Outcome(())


def status(number: int, *, kept: bool = True) -> Outcome:
    """Return the outcome of one refusal."""
    return Outcome((number,), "invalid_request", kept)


def head(*lines: str) -> bytes:
    """Return a head, in Latin-1, with its empty line."""
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


def get(*fields: str, target: str = "/healthz", version: str = "HTTP/1.1") -> bytes:
    """Return a GET with a Host and *fields*."""
    return head(f"GET {target} {version}", HOST, *fields)


def post(body: bytes = b"code=c", *fields: str, path: str = "/swap") -> bytes:
    """Return a POST with its length."""
    return head(f"POST {path} HTTP/1.1", HOST, *fields, f"Content-Length: {len(body)}") + body


def framed(*fields: str, body: bytes = b"code=c") -> bytes:
    """Return a POST whose framing is in *fields*, and a smuggled request behind it."""
    return head("POST /swap HTTP/1.1", HOST, FORM, *fields) + body + SMUGGLED


def chunked(body: bytes, *fields: str) -> bytes:
    """Return a POST with *body* in the chunked coding, as it is."""
    return head("POST /swap HTTP/1.1", HOST, FORM, "Transfer-Encoding: chunked", *fields) + body


def json(text: str | bytes) -> bytes:
    """Return a POST of JSON."""
    return post(text if isinstance(text, bytes) else text.encode(), JSON)


def form(text: str | bytes, path: str = "/swap") -> bytes:
    """Return a POST of a form."""
    return post(text if isinstance(text, bytes) else text.encode(), FORM, path=path)


def _named(outcome: Outcome, rows: Iterable[tuple[str, bytes]]) -> list[Case]:
    return [Case(name, sent, outcome) for name, sent in rows]


REQUEST_LINES = [
    *_named(
        SERVED,
        [
            ("plain", get()),
            ("an empty line before it", CRLF + get()),
            ("two empty lines before it", CRLF * 2 + get()),
            ("a query, never read", get(target="/healthz?a=b&c=%zz")),
            ("a trailing slash", get(target="/healthz/")),
            ("HTTP/1.2", get(version="HTTP/1.2")),
            ("HTTP/1.9", get(version="HTTP/1.9")),
            (
                "HTTP/1.0 that keeps the connection",
                get("Connection: keep-alive", version="HTTP/1.0"),
            ),
        ],
    ),
    *_named(
        SERVED_LAST,
        [
            ("HTTP/1.0", get(version="HTTP/1.0")),
            ("HTTP/1.0 without a host", b"GET /healthz HTTP/1.0\r\n\r\n"),
            ("a connection to be closed", get("Connection: close")),
        ],
    ),
    *_named(
        BAD,
        [
            ("three empty lines before it", CRLF * 3 + get()),
            ("an empty line of LF before it", b"\n" + get()),
            ("a CR before it", b"\r" + get()),
            ("HTTP/0.9", b"GET /healthz\r\n"),
            ("HTTP/0.9 with an empty line", b"GET /healthz\r\n\r\n"),
            ("no version", head("GET /healthz", HOST)),
            ("an empty version", head("GET /healthz ", HOST)),
            ("HTTP/2", get(version="HTTP/2")),
            ("HTTP/2.0", get(version="HTTP/2.0")),
            ("HTTP/3", get(version="HTTP/3")),
            ("HTTP/0.9 in words", get(version="HTTP/0.9")),
            ("HTTP/1", get(version="HTTP/1")),
            ("HTTP/1.", get(version="HTTP/1.")),
            ("HTTP/1.10", get(version="HTTP/1.10")),
            ("HTTP/01.1", get(version="HTTP/01.1")),
            ("HTTP/-1.1", get(version="HTTP/-1.1")),
            ("HTTP/1,1", get(version="HTTP/1,1")),
            ("HTTP 1.1", get(version="HTTP 1.1")),
            ("HTTP in lower case", get(version="http/1.1")),
            ("HTTPS/1.1", get(version="HTTPS/1.1")),
            ("RTSP/1.0", get(version="RTSP/1.0")),
            ("a digit of another script", get(version="HTTP/1.\xb9")),
            ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("an SSH hello", b"SSH-2.0-OpenSSH_9.6\r\n"),
            ("SMTP", b"EHLO swap.example\r\n"),
            ("a memcached command", b"stats\r\n"),
            ("a Redis command", b"*1\r\n$4\r\nPING\r\n"),
            ("the PROXY protocol", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + get()),
            ("the PROXY protocol, version 2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12)),
            ("nothing but blanks", b"   \r\n\r\n"),
            ("nothing but a NUL", b"\0\r\n"),
            ("a NUL before the method", b"\0" + get()),
            ("a byte order mark", b"\xef\xbb\xbf" + get()),
            ("a blank before the method", b" " + get()),
            ("a tab before the method", b"\t" + get()),
            ("a tab behind the method", b"GET\t/healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("a vertical tab behind the method", b"GET\x0b/healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("two blanks behind the method", head("GET  /healthz HTTP/1.1", HOST)),
            ("two blanks before the version", head("GET /healthz  HTTP/1.1", HOST)),
            ("a blank behind the version", head("GET /healthz HTTP/1.1 ", HOST)),
            ("a fourth word", head("GET /healthz HTTP/1.1 HTTP/1.1", HOST)),
            ("a line of LF", b"GET /healthz HTTP/1.1\nHost: a\r\n\r\n"),
            ("lines of LF alone", b"GET /healthz HTTP/1.1\nHost: a\n\n"),
            ("a line of CR", b"GET /healthz HTTP/1.1\rHost: a\r\n\r\n"),
            ("CR CR LF", b"GET /healthz HTTP/1.1\r\r\nHost: a\r\n\r\n"),
            ("an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ],
    ),
]

METHODS = [
    *_named(
        status(405),
        [
            (f"{method} where there is none", head(f"{method} /healthz HTTP/1.1", HOST))
            for method in ("DELETE", "PATCH", "TRACE", "PROPFIND", "get", "Get", "BREW", "M-SEARCH")
        ],
    ),
    Case("POST for GET", post(b"", path="/healthz"), status(405)),
    Case("GET for POST", get(target="/swap"), status(405)),
    Case("HEAD for POST", head("HEAD /swap HTTP/1.1", HOST), Outcome((405,), kept=True)),
    Case("HEAD", head("HEAD /healthz HTTP/1.1", HOST), SERVED),
    Case("HEAD of nothing", head("HEAD /nowhere HTTP/1.1", HOST), Outcome((404,), kept=True)),
    Case("OPTIONS", head("OPTIONS /swap HTTP/1.1", HOST), Outcome((204,), kept=True)),
    Case("OPTIONS of nothing", head("OPTIONS /nowhere HTTP/1.1", HOST), status(404)),
    Case("the longest method", head("A" * 8000 + " /healthz HTTP/1.1", HOST), status(405)),
    Case("odd, and a token", head("!#$%&'*+-.^_`|~ /healthz HTTP/1.1", HOST), status(405)),
    Case("CONNECT", head("CONNECT swap.example:443 HTTP/1.1", HOST), BAD),
    *_named(
        BAD,
        [
            (f"a method with {what}", head(f"GE{character}T /healthz HTTP/1.1", HOST))
            for what, character in {
                "a colon": ":",
                "a slash": "/",
                "a quote": '"',
                "a bracket": "(",
                "a NUL": "\0",
                "DEL": "\x7f",
                "Latin-1": "\xe9",
                "an escape": "\x1b",
                "a backslash": "\\",
                "an at sign": "@",
            }.items()
        ],
    ),
    Case("no method", head(" /healthz HTTP/1.1", HOST), BAD),
]

TARGETS = [
    *_named(
        SERVED,
        [
            ("absolute", get(target="http://swap.example/healthz")),
            ("absolute in capitals", get(target="HTTP://SWAP.EXAMPLE/healthz")),
            ("absolute over TLS", get(target="https://swap.example/healthz?x")),
            ("absolute without a path", get(target="http://swap.example")),
            ("absolute with a query alone", get(target="http://swap.example?x=/y")),
        ],
    ),
    *_named(
        status(404),
        [
            ("another path", get(target="/nowhere")),
            ("two slashes", get(target="//healthz")),
            ("capitals", get(target="/HEALTHZ")),
            ("escaped letters", get(target="/%68ealthz")),
            ("an escaped NUL", get(target="/healthz%00")),
            ("an escaped CRLF", get(target="/healthz%0d%0aX:%20y")),
            ("a broken escape", get(target="/%zz")),
            ("dots", get(target="/../healthz")),
            ("escaped dots", get(target="/%2e%2e/healthz")),
            ("an escaped slash", get(target="/%2fhealthz")),
            ("a semicolon", get(target="/healthz;a=b")),
            ("a backslash", get(target="/\\healthz")),
            ("a file", get(target="/etc/passwd")),
            ("brackets", get(target="/<script>alert(1)</script>")),
            ("a template", get(target="/{{7*7}}${7*7}")),
            ("half a surrogate, escaped", get(target="/%ed%a0%80")),
            ("no UTF-8, escaped", get(target="/%ff%fe")),
            ("a long path", get(target="/" + "a" * 16_000)),
            ("an absolute target of nothing", get(target="http://swap.example/nowhere")),
            ("a colon in the first segment", get(target="/a:b")),
        ],
    ),
    Case("the asterisk of OPTIONS", head("OPTIONS * HTTP/1.1", HOST), Outcome((204,), kept=True)),
    *_named(
        BAD,
        [
            ("no slash", get(target="healthz")),
            ("empty", get(target="")),
            ("an asterisk for GET", get(target="*")),
            ("a fragment", get(target="/healthz#x")),
            ("an authority", get(target="swap.example:80")),
            ("a query alone", get(target="?x")),
            ("another scheme", get(target="ftp://swap.example/healthz")),
            ("a file's scheme", get(target="file:///etc/passwd")),
            ("a script's scheme", get(target="javascript:alert(1)")),
            ("no authority", get(target="http:///healthz")),
            ("one slash", get(target="http:/swap.example/healthz")),
            ("another authority", get(target="http://other.example/healthz")),
            ("another port", get(target="http://swap.example:81/healthz")),
            ("user info", get(target="http://swap.example@other.example/healthz")),
            ("an absolute target without a host", head("GET http://a/ HTTP/1.1")),
            ("a blank", get(target="/heal thz")),
            ("a tab", get(target="/heal\tthz")),
            ("a NUL", get(target="/healthz\0")),
            ("a control character", get(target="/healthz\x01")),
            ("an escape", get(target="/\x1b[2J")),
            ("DEL", get(target="/healthz\x7f")),
            ("Latin-1", get(target="/h\xe9")),
            ("UTF-8", b"GET /\xe2\x82\xac HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("a CR", get(target="/heal\rthz")),
            ("an LF", get(target="/heal\nthz")),
        ],
    ),
]

HOSTS = [
    *_named(
        SERVED,
        [
            (f"host {host}", head("GET /healthz HTTP/1.1", f"Host:{host}"))
            for host in (
                " swap.example:4343",
                " 127.0.0.1",
                " [::1]:4343",
                " swap_service",
                "",
                " \t a \t ",
                " xn--bcher-kva.example",
                " a.",
                " SWAP.example",
                " a:",
            )
        ],
    ),
    *_named(
        BAD,
        [
            ("none", head("GET /healthz HTTP/1.1")),
            ("none, with a body", head("POST /swap HTTP/1.1", "Content-Length: 6") + b"code=c"),
            ("two", get("Host: other.example")),
            ("two, the same", get(HOST)),
            ("two, far apart", get("A: b", "hOsT: swap.example")),
            ("two in HTTP/1.0", get(HOST, version="HTTP/1.0")),
            ("a list", head("GET /healthz HTTP/1.1", "Host: a, b")),
            ("a path", head("GET /healthz HTTP/1.1", "Host: a/b")),
            ("a query", head("GET /healthz HTTP/1.1", "Host: a?b")),
            ("a fragment", head("GET /healthz HTTP/1.1", "Host: a#b")),
            ("user info", head("GET /healthz HTTP/1.1", "Host: a@b")),
            ("a scheme", head("GET /healthz HTTP/1.1", "Host: http://a")),
            ("a blank", head("GET /healthz HTTP/1.1", "Host: a b")),
            ("a backslash", head("GET /healthz HTTP/1.1", "Host: a\\b")),
            ("quotes", head("GET /healthz HTTP/1.1", 'Host: "a"')),
            ("a port in letters", head("GET /healthz HTTP/1.1", "Host: a:http")),
            ("two ports", head("GET /healthz HTTP/1.1", "Host: a:1:2")),
            ("a long port", head("GET /healthz HTTP/1.1", "Host: a:111111")),
            ("an open bracket", head("GET /healthz HTTP/1.1", "Host: [::1")),
            ("a zone", head("GET /healthz HTTP/1.1", "Host: [fe80::1%25eth0]")),
            ("Latin-1", head("GET /healthz HTTP/1.1", "Host: b\xfccher")),
            ("brackets", head("GET /healthz HTTP/1.1", "Host: <script>")),
            ("a NUL", head("GET /healthz HTTP/1.1", "Host: a\0")),
            ("a blank before the colon", head("GET /healthz HTTP/1.1", "Host : a")),
        ],
    ),
]

FIELDS = [
    *_named(
        SERVED,
        [
            ("no blank behind the colon", get("X:y")),
            ("blanks and tabs around a value", get("X: \t y \t ")),
            ("an empty value", get("X:")),
            ("Latin-1 in a value", get("X: d\xe9j\xe0")),
            ("UTF-8 in a value", get("User-Agent: Caf\xc3\xa9 \xe2\x82\xac")),
            ("no UTF-8 in a value", get("User-Agent: \xff\xfe\xed\xa0\x80")),
            ("a tab in a value", get("X: a\tb")),
            ("an odd name", get("!#$%&'*+-.^_`|~: 1")),
            ("900 fields", get(*["X: y"] * 900)),
            ("a field twice", get("Accept: a", "Accept: b")),
            ("an Authorization", get("Authorization: Basic Og==", "Authorization: Bearer x")),
            ("a Cookie", get("Cookie: a=b; c")),
            ("a lying X-Forwarded-For", get("X-Forwarded-For: <script>, 1, ::")),
            ("an odd Accept", get("Accept: ;;;,,,q=9")),
            ("a Range", get("Range: bytes=0-1")),
            ("a condition", get("If-None-Match: *", "If-Match: x", "If-Modified-Since: x")),
            ("a bad request id", get("X-Request-ID: a b")),
            ("an Origin", get("Origin: https://evil.example")),
            ("a null Origin", get("Origin: null")),
            ("a TE", get("TE: trailers")),
            ("an offer of HTTP/2", get("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")),
            ("an offer of a web socket", get("Upgrade: websocket", "Sec-WebSocket-Version: 13")),
            ("an override of the method", get("X-HTTP-Method-Override: DELETE")),
            ("names that are nearly those of framing", get("Content-Length-: 9", "X-Host: b")),
        ],
    ),
    Case(
        "an offer of HTTP/2 as curl sends it",
        get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
        SERVED_LAST,
    ),
    Case("an unknown word in Connection", get("Connection: x"), SERVED_LAST),
    Case("no UTF-8 in an Origin", get("Origin: \xff"), SERVED),
    *_named(
        BAD,
        [
            ("a blank before the colon", get("X : y")),
            ("a tab before the colon", get("X\t: y")),
            ("a blank before the name", get(" X: y")),
            ("a fold", get("X: y", " z")),
            ("a fold of a tab", get("X: y", "\tz")),
            ("a fold with a colon", get("X: y", " Content-Length: 9")),
            ("a fold before the first field", head("GET /healthz HTTP/1.1", " X: y", HOST)),
            ("a fold behind Host", get(" .evil.example")),
            ("no colon", get("X")),
            ("no name", get(": y")),
            ("a name in brackets", get("(X): y")),
            ("a name with a blank", get("X Y: z")),
            ("a name with a slash", get("X/Y: z")),
            ("a name in Latin-1", get("\xe9: y")),
            ("a name with a NUL", get("X\0Y: z")),
            ("a name with DEL", get("X\x7f: z")),
            ("a NUL in a value", get("X: a\0b")),
            ("a CR in a value", get("X: a\rb")),
            ("an LF in a value", get("X: a\nY: b")),
            ("a line that ends in LF", b"GET /healthz HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
            ("a line that ends in CR", b"GET /healthz HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"),
            ("a vertical tab in a value", get("X: a\x0bb")),
            ("a form feed in a value", get("X: a\x0cb")),
            ("a backspace in a value", get("X: a\x08b")),
            ("an escape in a value", get("X: \x1b[31m")),
            ("DEL in a value", get("X: a\x7fb")),
            ("an empty line of blanks", b"GET /healthz HTTP/1.1\r\nHost: a\r\n \r\n\r\n"),
            ("an empty line of LF", b"GET /healthz HTTP/1.1\r\nHost: a\r\n\n\r\n\r\n"),
        ],
    ),
    Case("a value too long", get("X: " + "x" * 17_000), status(431, kept=False)),
    Case("a target too long", get(target="/" + "a" * 17_000), status(431, kept=False)),
    Case("fields too many", get(*["X: y"] * 3000), status(431, kept=False)),
    Case("a head that never ends", get()[:-2] + b"X: y\r\n" * 50_000, status(431, kept=False)),
    Case("a name that never ends", get()[:-2] + b"X" * 300_000, status(431, kept=False)),
]

LENGTHS = [
    Case("a length", post(), ASKED),
    Case(
        "a length in capitals",
        head("POST /swap HTTP/1.1", HOST, "CONTENT-LENGTH:6") + b"code=c",
        ASKED,
    ),
    Case(
        "a length between blanks",
        framed("Content-Length: \t 6 \t "),
        Outcome((400, 200), kept=True),
    ),
    Case("leading zeros", framed("Content-Length: 006"), Outcome((400, 200), kept=True)),
    Case("a length of zero", post(b""), REFUSED),
    Case("no length and no body", head("POST /swap HTTP/1.1", HOST), REFUSED),
    Case("GET with a body", get("Content-Length: 6") + b"code=c", SERVED),
    Case("GET with too much", get("Content-Length: 20000") + SMUGGLED, status(413, kept=False)),
    Case(
        "GET with too much in chunks",
        get("Transfer-Encoding: chunked") + b"5000\r\n" + SMUGGLED,
        status(413, kept=False),
    ),
    Case("GET with an empty body", get("Content-Length: 0"), SERVED),
    Case(
        "HTTP/1.0 with a length",
        head("POST /swap HTTP/1.0", "Content-Length: 6") + b"code=c",
        ASKED_LAST,
    ),
    Case("a length over the limit", framed("Content-Length: 16385"), status(413, kept=False)),
    Case(
        "a length of petabytes", framed("Content-Length: 999999999999999"), status(413, kept=False)
    ),
    *_named(
        BAD,
        [
            (f"a length {what}", framed(f"Content-Length:{value}"))
            for what, value in {
                "of nothing": "",
                "of a blank": " ",
                "with a plus": " +6",
                "below zero": " -6",
                "in hexadecimal": " 0x6",
                "in octal": " 0o6",
                "with an underscore": " 1_0",
                "with a fraction": " 6.0",
                "with an exponent": " 6e0",
                "with a blank inside": " 1 0",
                "in a list": " 6, 6",
                "in a list of others": " 6,0",
                "with a comma": " 6,",
                "behind a comma": " ,6",
                "with a semicolon": " 6;x",
                "in quotes": ' "6"',
                "in letters": " six",
                "in superscript": " \xb2",
                "in Arabic digits, as UTF-8": " \xd9\xa6",
                "in wide digits, as UTF-8": " \xef\xbc\x96",
                "behind a no-break space": " \xa06",
                "behind a vertical tab": " \x0b6",
                "behind a form feed": " \x0c6",
                "behind a NUL": " \x006",
                "before a NUL": " 6\0",
                "with a tab inside": " 6\t6",
                "of 400 digits": " " + "9" * 400,
            }.items()
        ],
    ),
    *_named(
        BAD,
        [
            ("two lengths", framed("Content-Length: 6", "Content-Length: 0")),
            ("two equal lengths", framed("Content-Length: 6", "Content-Length: 6")),
            ("two lengths in other cases", framed("content-length: 6", "CONTENT-LENGTH: 6")),
            ("a blank before the colon", framed("Content-Length : 6")),
            ("a tab before the colon", framed("Content-Length\t: 6")),
            ("a vertical tab before the colon", framed("Content-Length\x0b: 6")),
            ("a NUL before the colon", framed("Content-Length\0: 6")),
            ("a blank before the name", framed(" Content-Length: 6")),
            ("a folded length", framed("Content-Length:", " 6")),
            ("a length behind an LF", framed("X: y\nContent-Length: 6")),
            ("a length behind a CR", framed("X: y\rContent-Length: 6")),
        ],
    ),
]

_CHUNKS = b"6\r\ncode=c\r\n0\r\n\r\n"


def _coded(*fields: str) -> bytes:
    return head("POST /swap HTTP/1.1", HOST, FORM, *fields) + _CHUNKS + SMUGGLED


CODINGS = [
    *_named(
        ASKED_LAST,
        [
            ("chunked", _coded("Transfer-Encoding: chunked")),
            ("chunked without a blank", _coded("transfer-encoding:chunked")),
            ("chunked between blanks", _coded("Transfer-Encoding: \t chunked \t ")),
            ("the name in capitals", _coded("TRANSFER-ENCODING: chunked")),
            ("Chunked", _coded("Transfer-Encoding: Chunked")),
            ("CHUNKED", _coded("Transfer-Encoding: CHUNKED")),
        ],
    ),
    *_named(
        BAD,
        [
            (f"coding {value!a}", _coded(f"Transfer-Encoding:{value}"))
            for value in (
                "",
                " ",
                " identity",
                " gzip",
                " gzip, chunked",
                " chunked, gzip",
                " chunked, identity",
                " identity, chunked",
                " chunked, chunked",
                " chunked,",
                " ,chunked",
                " xchunked",
                " chunkedx",
                " chunk",
                " chunked;q=1",
                ' "chunked"',
                " 'chunked'",
                " chun\xe2\x84\xaaed",
                " \x0bchunked",
                " \x0cchunked",
                " chunked\x0b",
                " chunked\0",
                " \0chunked",
                " ch\0unked",
                " \xa0chunked",
                " chunked\xa0",
                " \x85chunked",
                " \x1fchunked",
                " \x7fchunked",
                " chunked\xff",
                " ch\xc5\xabnked",
                " chunked\r",
                " \rchunked",
                " \nchunked",
                " chunked\n",
                " chunked\tx",
                " chunked x",
                " x chunked",
                ":chunked",
                " : chunked",
                " (chunked)",
                " chunked\\",
                " {chunked}",
            )
        ],
    ),
    *_named(
        BAD,
        [
            (f"name {name!a}", _coded(f"{name}: chunked"))
            for name in (
                "Transfer-Encoding ",
                "Transfer-Encoding\t",
                " Transfer-Encoding",
                "\tTransfer-Encoding",
                "Transfer-Encoding\x0b",
                "Transfer-Encoding\0",
                "\0Transfer-Encoding",
                "Transfer-Encoding\x7f",
                "Transfer Encoding",
                "Transfer\\Encoding",
                "Transfer-Encoding\r",
                "\rTransfer-Encoding",
                "Transfer-Encoding\n",
                "\nTransfer-Encoding",
                "X: y\nTransfer-Encoding",
                "X: y\rTransfer-Encoding",
                "Transfer-Encoding\xa0",
                "Transf\xe9r-Encoding",
                '"Transfer-Encoding"',
                "Transfer-Encoding:",
            )
        ],
    ),
    *_named(
        BAD,
        [
            ("twice", _coded("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")),
            ("twice, one unknown", _coded("Transfer-Encoding: chunked", "Transfer-Encoding: x")),
            (
                "twice, identity last",
                _coded("Transfer-Encoding: chunked", "transfer-encoding: identity"),
            ),
            (
                "twice, identity first",
                _coded("Transfer-Encoding: identity", "transfer-encoding: chunked"),
            ),
            ("folded", _coded("Transfer-Encoding:", " chunked")),
            ("folded by a tab", _coded("Transfer-Encoding:", "\tchunked")),
            ("folded behind", _coded("Transfer-Encoding: chunked", " , identity")),
            ("before a length", _coded("Transfer-Encoding: chunked", "Content-Length: 6")),
            ("behind a length", _coded("Content-Length: 4", "Transfer-Encoding: chunked")),
            ("beside a length of zero", _coded("Content-Length: 0", "Transfer-Encoding: chunked")),
            ("unknown beside a length", _coded("Content-Length: 6", "Transfer-Encoding: x")),
            (
                "of HTTP/1.0",
                head("POST /swap HTTP/1.0", HOST, "Transfer-Encoding: chunked") + _CHUNKS,
            ),
        ],
    ),
    Case(
        "an underscore for the hyphen",
        _coded("Transfer_Encoding: chunked"),
        Outcome((400, 400), "invalid_request"),
    ),
    Case("GET with chunks", get("Transfer-Encoding: chunked") + _CHUNKS + SMUGGLED, SERVED_LAST),
    Case(
        "chunks to nowhere",
        head("POST /nowhere HTTP/1.1", HOST, "Transfer-Encoding: chunked") + _CHUNKS + SMUGGLED,
        status(404, kept=False),
    ),
]

CHUNKS = [
    *_named(
        ASKED_LAST,
        [
            ("one", chunked(_CHUNKS)),
            ("two", chunked(b"2\r\nco\r\n4\r\nde=c\r\n0\r\n\r\n")),
            ("six", chunked(b"".join(b"1\r\n%c\r\n" % byte for byte in b"code=c") + b"0\r\n\r\n")),
            ("a size with zeros", chunked(b"0006\r\ncode=c\r\n000\r\n\r\n")),
            ("sizes in letters", chunked(b"A\r\ncode=ccccc\r\n0\r\n\r\n")),
            ("sizes in small letters", chunked(b"a\r\ncode=ccccc\r\n0\r\n\r\n")),
            ("an extension", chunked(b"6;a\r\ncode=c\r\n0\r\n\r\n")),
            ("an extension with a value", chunked(b"6;a=b;c=d\r\ncode=c\r\n0;e=f\r\n\r\n")),
            ("an extension in quotes", chunked(b'6;a="b;\\"c"\r\ncode=c\r\n0\r\n\r\n')),
            ("blanks around an extension", chunked(b"6 ; a = b\r\ncode=c\r\n0\r\n\r\n")),
            ("a trailer", chunked(b"6\r\ncode=c\r\n0\r\nX-Sum: 1\r\n\r\n")),
            ("two trailers", chunked(b"6\r\ncode=c\r\n0\r\nX-Sum: 1\r\nX-Other:\r\n\r\n")),
            ("a request behind them", chunked(_CHUNKS + SMUGGLED)),
        ],
    ),
    Case("none", chunked(b"0\r\n\r\n"), BAD),
    *_named(
        BAD,
        [
            (f"size {size!a}", chunked(size + b"\r\ncode=c\r\n0\r\n\r\n" + SMUGGLED))
            for size in (
                b"",
                b" ",
                b" 6",
                b"6 ",
                b"\t6",
                b"6\t",
                b"0x6",
                b"0X6",
                b"x6",
                b"6x",
                b"+6",
                b"-6",
                b"6_",
                b"0_6",
                b"6.",
                b"6,",
                b"6h",
                b"\\x36",
                b"six",
                b'"6"',
                b"\x006",
                b"6\0",
                b"\x0b6",
                b"6\x0c",
                b"\xd9\xa6",
                b"\xef\xbc\x96",
                b"\xb2",
                b"\xa06",
                b"6\xa0",
                b"6;",
                b"6;;a",
                b"6;=b",
                b"6;a=",
                b"6;a b",
                b"6; ",
                b'6;a="b',
                b"6;a\0",
                b"6;a\x7f",
                b"6:a",
                b"6&a",
                b"6 a",
                b"6\r",
                b"6\n",
                b"\r6",
                b"\n6",
                b"6;a\nb",
                b"6;a\rb",
                b"6;a" + b"b" * 300,
            )
        ],
    ),
    *_named(
        BAD,
        [
            ("a line of LF", chunked(b"6\ncode=c\r\n0\r\n\r\n")),
            ("lines of LF", chunked(b"6\ncode=c\n0\n\n")),
            ("an extension that ends in LF", chunked(b"6;a\ncode=c\r\n0\r\n\r\n")),
            ("data that ends in LF", chunked(b"6\r\ncode=c\n0\r\n\r\n")),
            ("data that ends in CR", chunked(b"6\r\ncode=c\r0\r\n\r\n")),
            ("data that does not end", chunked(b"6\r\ncode=c0\r\n\r\n")),
            ("data that ends in two others", chunked(b"6\r\ncode=cXX0\r\n\r\n")),
            ("data longer than told", chunked(b"5\r\ncode=c\r\n0\r\n\r\n")),
            ("an empty line before the first", chunked(b"\r\n" + _CHUNKS)),
            ("an empty line between", chunked(b"6\r\ncode=c\r\n\r\n0\r\n\r\n")),
            ("an end of LF", chunked(b"6\r\ncode=c\r\n0\n\r\n")),
            ("an end with a sign", chunked(b"6\r\ncode=c\r\n-0\r\n\r\n")),
            ("an end in hexadecimal", chunked(b"6\r\ncode=c\r\n0x0\r\n\r\n")),
            ("a request in the trailers", chunked(b"6\r\ncode=c\r\n0\r\n" + SMUGGLED)),
            ("a trailer without a colon", chunked(b"6\r\ncode=c\r\n0\r\nX\r\n\r\n")),
            ("a trailer with a blank", chunked(b"6\r\ncode=c\r\n0\r\nX : y\r\n\r\n")),
            ("a folded trailer", chunked(b"6\r\ncode=c\r\n0\r\nX: y\r\n z\r\n\r\n")),
            ("a trailer with a NUL", chunked(b"6\r\ncode=c\r\n0\r\nX: \0\r\n\r\n")),
            ("a trailer of LF", chunked(b"6\r\ncode=c\r\n0\r\nX: y\n\r\n")),
            ("a trailing length", chunked(b"6\r\ncode=c\r\n0\r\nContent-Length: 6\r\n\r\n")),
            (
                "a trailing coding",
                chunked(b"6\r\ncode=c\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ),
            ("a trailing host", chunked(b"6\r\ncode=c\r\n0\r\nHost: a\r\n\r\n")),
            ("trailers without end", chunked(b"6\r\ncode=c\r\n0\r\n" + b"X: y\r\n" * 2000)),
        ],
    ),
    Case(
        "16 KiB",
        chunked(
            b"2000\r\n%b\r\n" % b"code=c&x=".ljust(0x2000, b"x")
            + b"2000\r\n%b\r\n0\r\n\r\n" % (b"x" * 0x2000)
        ),
        ASKED_LAST,
    ),
    Case(
        "a chunk over the limit",
        chunked(b"4001\r\n" + b"x" * 0x4001 + b"\r\n0\r\n\r\n"),
        status(413, kept=False),
    ),
    Case(
        "chunks over the limit",
        chunked(b"1000\r\n" + b"x" * 0x1000 + b"\r\n" + b"3001\r\nx"),
        status(413, kept=False),
    ),
    Case("a size beyond 64 bits", chunked(b"f" * 17 + b"\r\ncode=c"), status(413, kept=False)),
    Case(
        "a size that wraps to 6",
        chunked(b"10000000000000006\r\ncode=c\r\n0\r\n\r\n"),
        status(413, kept=False),
    ),
    Case("a size of 200 digits", chunked(b"f" * 200 + b"\r\ncode=c"), status(413, kept=False)),
]

BODIES = [
    *_named(
        ASKED,
        [
            ("a form", form("code=c")),
            ("a form that ends in an ampersand", form("code=c&")),
            ("a form of ampersands", form("&&code=c&&")),
            ("a field without a value", form("x&code=c")),
            ("fields that nobody knows", form("a=1&a=2&code=c&code[]=d&Code=e")),
            ("escapes", form("%63ode=%63")),
            ("a plus", form("code=a+b")),
            ("blanks around a code", form("code=%20c%0d%0a")),
            ("a form with a charset", post(b"code=c", FORM + "; charset=UTF-8")),
            ("a type in capitals", post(b"code=c", FORM.upper())),
            ("no type", post(b"code=c")),
            ("an empty type", post(b"code=c", "Content-Type:")),
            ("plain text", post(b"code=c", "Content-Type: text/plain;charset=UTF-8")),
            ("identity", post(b"code=c", "Content-Encoding: identity")),
            ("a query beside it", post(b"code=c", path="/swap?code=d")),
            ("a slash behind the path", post(b"code=c", path="/swap/")),
            ("the endpoint of OAuth", form("grant_type=authorization_code&code=c", "/api/token")),
            ("JSON", json('{"code":"c"}')),
            ("JSON as plain text", post(b' {"code":"c"}', "Content-Type: text/plain")),
            ("JSON with a charset", post(b'{"code":"c"}', JSON + ";charset=utf-8")),
            ("JSON with more in it", json('{"x":[1,{"y":null}],"code":"c","z":1e999}')),
            ("JSON with escapes", json('{"co\\u0064e":"\\u0063"}')),
            ("JSON between blanks", json(' \r\n\t{"code":"c"}\r\n ')),
            ("JSON with a null", json('{"code":"c","redirect_uri":null}')),
            ("JSON of some depth", json('{"code":"c","x":' + "[" * 400 + "]" * 400 + "}")),
            ("the longest code", form("code=" + "c" * 2048)),
            ("16 KiB", form("code=c&x=" + "x" * (16_384 - 9))),
        ],
    ),
    *_named(
        REFUSED,
        [
            ("nothing", form("")),
            ("no code", form("token=c")),
            ("an empty code", form("code=")),
            ("a code of blanks", form("code=+%20%09")),
            ("a code twice", form("code=c&code=c")),
            ("a code twice, once escaped", form("code=c&%63ode=d")),
            ("an array's name", form("code[]=c")),
            ("(null)", form("code=%28null%29")),
            ("undefined", form("code=undefined")),
            ("null", form("code=null")),
            ("a NUL", form("code=a%00b")),
            ("a raw NUL", form(b"code=a\0b")),
            ("a CR inside", form("code=a%0d%0ab")),
            ("DEL", form("code=a%7f")),
            ("an umlaut", form("code=%c3%a4")),
            ("a broken escape", form("code=%zz")),
            ("half an escape", form("code=%4")),
            ("an escape's beginning", form("code=%")),
            ("a broken escape elsewhere", form("code=c&x=%g0")),
            ("an escape as of old", form("code=%u0063")),
            ("no UTF-8", form(b"code=\xff")),
            ("no UTF-8, escaped", form("code=%ff")),
            ("too long for UTF-8", form("code=%c0%af")),
            ("half a surrogate", form("code=%ed%a0%80")),
            ("UTF-16", form("code=c".encode("utf-16"))),
            ("a byte order mark", form(b"\xef\xbb\xbfcode=c")),
            ("a code too long", form("code=" + "c" * 2049)),
            ("a semicolon for an ampersand", form("x=y;code=c")),
            ("a JSON body called a form", form('{"code":"c"}')),
            ("a form called JSON", json("code=c")),
            ("a redirect of others", form("code=c&redirect_uri=https://evil.example/")),
            ("a short verifier", form("code=c&code_verifier=short")),
            ("a verifier with a plus", form("code=c&code_verifier=" + "%2b" * 43)),
            *(
                (f"JSON {text[:40]!a}", json(text))
                for text in (
                    "",
                    " ",
                    "null",
                    "true",
                    "1",
                    '"code"',
                    "[]",
                    '["code","c"]',
                    "{}",
                    "{",
                    '{"code"',
                    '{"code":',
                    '{"code":"c"',
                    '{"code":"c",}',
                    '{"code":"c"}}',
                    '{"code":"c"} x',
                    '{"code":"c"}{}',
                    "{'code':'c'}",
                    '{code:"c"}',
                    '{"code":"c" "x":1}',
                    '{"code":"c",,"x":1}',
                    '{"code":NaN}',
                    '{"code":"c","x":NaN}',
                    '{"code":"c","x":-Infinity}',
                    '{"code":"c","x":01}',
                    '{"code":"c","x":+1}',
                    '{"code":"c","x":.5}',
                    '{"code":"c","x":1.}',
                    '{"code":"c","x":0x1}',
                    '{"code":"c","code":"c"}',
                    '{"code":["c"]}',
                    '{"code":{"c":1}}',
                    '{"code":1}',
                    '{"code":true}',
                    '{"code":null}',
                    '{"code":""}',
                    '{"code":"a\tb"}',
                    '{"code":"a\nb"}',
                    '{"code":"\\x"}',
                    '{"code":"\\u00"}',
                    '{"code":"\\ud800"}',
                    '{"code":"\\u0000"}',
                    '{"code":"c","x":{"y":1,"y":2}}',
                    '{"code":"c"/**/}',
                    '// x\n{"code":"c"}',
                    '{"code":"c","x":"\\a"}',
                    '{"code":undefined}',
                    '{"code":"c","x":tru}',
                    '{"code":"c","x":"',
                    "\ufeff{}",
                    '{"code":"c","x":' + "[" * 6000 + "]" * 6000 + "}",
                    '{"code":"c","x":' + '{"a":' * 2500,
                )
            ),
            ("JSON in Latin-1", json(b'{"code":"\xe9"}')),
            ("JSON in UTF-16", json('{"code":"c"}'.encode("utf-16"))),
            ("JSON behind a NUL", json(b'\0{"code":"c"}')),
        ],
    ),
    *_named(
        status(415, kept=False),
        [
            (f"type {value!a}", post(b"code=c", f"Content-Type: {value}"))
            for value in (
                "multipart/form-data; boundary=x",
                "text/html",
                "text/xml",
                "application/xml",
                "image/png",
                "application/json5",
                "application/jsonx",
                "x",
                "*/*",
                "application/*",
                "application/json, text/html",
                "application/x-www-form-urlencoded\xa0",
                "application/csp-report",
                "application/octet-stream",
            )
        ],
    ),
    *_named(
        status(415, kept=False),
        [
            (f"compressed: {value}", post(b"code=c", f"Content-Encoding: {value}"))
            for value in ("gzip", "br", "deflate", "zstd", "x", "identity, gzip")
        ],
    ),
    Case("two types", post(b"code=c", FORM, JSON), status(415, kept=False)),
    Case("a token too long", form("refresh_token=" + "s" * 4097, "/refresh"), REFUSED),
    Case("a token that is none", form("refresh_token=s1.x", "/refresh"), ASKED),
    Case(
        "a token at the endpoint of Ruby", form("refresh_token=s1.x", "/api/refresh_token"), ASKED
    ),
    Case("another app", form("client_id=x&code=c"), Outcome((400,), "invalid_client", kept=True)),
    Case(
        "another grant",
        form("grant_type=password", "/api/token"),
        Outcome((400,), "unsupported_grant_type", kept=True),
    ),
    Case("the largest body", form("x=" + "y" * (16_384 - 9) + "&code=c"), ASKED),
    Case("a byte too large", form("x=" + "y" * (16_384 - 8) + "&code=c"), status(413, kept=False)),
    Case("a megabyte", form("x=" + "y" * 1_000_000), status(413, kept=False)),
    Case("a megabyte to nowhere", post(b"y" * 1_000_000, path="/nowhere"), status(404, kept=False)),
    Case(
        "a picture of a megabyte",
        post(b"y" * 1_000_000, "Content-Type: image/png"),
        status(415, kept=False),
    ),
]

EXPECTATIONS = [
    # The status in between is an answer of its own on the wire.
    Case(
        "100-continue",
        post(b"code=c", "Expect: 100-continue"),
        Outcome((100, 400), "invalid_grant", kept=True),
    ),
    Case(
        "100-Continue",
        post(b"code=c", "Expect: 100-Continue"),
        Outcome((100, 400), "invalid_grant", kept=True),
    ),
    Case(
        "100-continue before chunks",
        chunked(_CHUNKS, "Expect: 100-continue"),
        Outcome((100, 400), "invalid_grant"),
    ),
    Case(
        "100-continue in HTTP/1.0",
        head("POST /swap HTTP/1.0", "Expect: 100-continue", "Content-Length: 6") + b"code=c",
        ASKED_LAST,
    ),
    Case("100-continue for nothing", get("Expect: 100-continue"), SERVED),
    Case(
        "100-continue before too much",
        head("POST /swap HTTP/1.1", HOST, "Expect: 100-continue", "Content-Length: 99999"),
        status(413, kept=False),
    ),
    Case(
        "100-continue before a picture",
        post(b"code=c", "Expect: 100-continue", "Content-Type: image/png"),
        status(415, kept=False),
    ),
    Case(
        "100-continue to nowhere",
        post(b"code=c", "Expect: 100-continue", path="/nowhere"),
        status(404, kept=False),
    ),
    Case("a miracle", post(b"code=c", "Expect: miracles"), status(417, kept=False)),
    Case("nothing", post(b"code=c", "Expect:"), status(417, kept=False)),
    Case("two", post(b"code=c", "Expect: 100-continue, x"), status(417, kept=False)),
    Case("a miracle without a body", get("Expect: miracles"), status(417, kept=False)),
]

PIPELINES = [
    Case("three requests", get() * 3, Outcome((200, 200, 200), kept=True)),
    Case("fifty requests", get() * 50, Outcome((200,) * 50, kept=True)),
    Case("a post between", get() + form("code=c") + get(), Outcome((200, 400, 200), kept=True)),
    Case(
        "an empty line behind a body", form("code=c") + CRLF + get(), Outcome((400, 200), kept=True)
    ),
    Case("a bad one behind", get() + b"\0\n", Outcome((200, 400), "invalid_request")),
    Case("one behind a bad one", get("X : y") + SMUGGLED, BAD),
    Case("one behind a close", get("Connection: close") + SMUGGLED, SERVED_LAST),
    Case("one behind HTTP/1.0", get(version="HTTP/1.0") + SMUGGLED, SERVED_LAST),
    Case(
        "one in a refused body", post(SMUGGLED, "Content-Type: image/png"), status(415, kept=False)
    ),
    Case("one in a body to nowhere", post(SMUGGLED, path="/nowhere"), status(404, kept=False)),
    Case("one in a body of GET", get(f"Content-Length: {len(SMUGGLED)}") + SMUGGLED, SERVED),
    Case(
        "one in a body of HEAD",
        head("HEAD /healthz HTTP/1.1", HOST, f"Content-Length: {len(SMUGGLED)}") + SMUGGLED,
        SERVED,
    ),
    Case(
        "one in a body of OPTIONS",
        head("OPTIONS /swap HTTP/1.1", HOST, f"Content-Length: {len(SMUGGLED)}") + SMUGGLED,
        Outcome((204,)),
    ),
    Case(
        "one behind too much",
        head("POST /swap HTTP/1.1", HOST, "Content-Length: 20000") + SMUGGLED,
        status(413, kept=False),
    ),
    Case(
        "one behind an upgrade to a web socket",
        get("Connection: Upgrade", "Upgrade: websocket") + SMUGGLED,
        SERVED_LAST,
    ),
    Case(
        "a body shorter than told",
        head("POST /swap HTTP/1.1", HOST, "Content-Length: 5") + b"code=c\r\n\r\n",
        Outcome((400, 400), "invalid_request"),
    ),
]

ENDINGS = [
    Case("at once", b"", NOTHING, half_closes=True),
    Case("in the method", b"GE", NOTHING, half_closes=True),
    Case("in the head", get()[:-3], NOTHING, half_closes=True),
    Case("before the last LF", get()[:-1], NOTHING, half_closes=True),
    Case("before the body", post()[:-6], NOTHING, half_closes=True),
    Case("in the body", post()[:-1], NOTHING, half_closes=True),
    Case("in a chunk", chunked(b"6\r\ncode"), NOTHING, half_closes=True),
    Case("before the last chunk", chunked(b"6\r\ncode=c\r\n"), NOTHING, half_closes=True),
    Case("before the last line", chunked(b"6\r\ncode=c\r\n0\r\n"), NOTHING, half_closes=True),
    Case("behind a GET", get(), SERVED_LAST, half_closes=True),
    Case("behind a POST", form("code=c"), ASKED_LAST, half_closes=True),
    Case("behind chunks", chunked(_CHUNKS), ASKED_LAST, half_closes=True),
    Case("behind two", get() * 2, Outcome((200, 200)), half_closes=True),
    Case("in a second head", form("code=c") + get()[:-3], ASKED_LAST, half_closes=True),
    Case("in a second body", form("code=c") + post()[:-1], ASKED_LAST, half_closes=True),
    Case("behind an empty line", CRLF, NOTHING, half_closes=True),
]

# What breaks programs that were not written for it.
NAUGHTY = (
    "", "undefined", "null", "NULL", "(null)", "nil", "NaN", "Infinity", "true", "0", "-1", "1/0", "1e309", "0x7fffffff",
    "9" * 300, "١٢٣", "½", "ﷺ", "Ω≈ç√", "田中さん", "👾🏳️‍🌈", "Z̮̞̠͙͔ͅà", "\u202etest", "\u200b\ufeff", "\ufffe",
    "\x00", "\x07\x1b[31m", "a\r\nSet-Cookie: x=y", "<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)", "' OR 1=1 --", "1;DROP TABLE users", "'; EXEC sp_MSForEachTable --", "$(touch /tmp/x)",
    "`id`", "|| id", "; id #", "%s%n%p", "%d" * 50, "{0}", "${jndi:ldap://x/a}", "{{7*7}}", "<%= 1 %>", "#{1}",
    "../../../etc/passwd", "..\\..\\win.ini", "file:///etc/passwd", "CON", "COM1", "/dev/null; cat", "\\\\host\\share",
    "__proto__", "constructor", "__class__", "eval(1)", '{"$gt":""}', "*)(uid=*", "<!ENTITY x SYSTEM 'file:///'>",
    "a" * 3000, "%00", "%0d%0a", "\\u0000", "\\", '"', "&", "=", "+", "%", ";", "s1.", "s1..", "s1.AAAAAAAA.", "AQ" * 60,
)  # fmt: skip


def _naughty() -> Iterable[Case]:
    from json import dumps
    from urllib.parse import quote_plus

    for text in NAUGHTY:
        for path, name in (("/swap", "code"), ("/refresh", "refresh_token")):
            # Whatever it says, it is a parameter that is refused: no more, and no less.
            anything = Outcome((400,), "invalid_*", kept=True)
            yield Case(
                f"{text[:20]!a} as {name}", form(f"{name}={quote_plus(text)}", path), anything
            )
            body = post(dumps({name: text}, ensure_ascii=False).encode(), JSON, path=path)
            yield Case(f"{text[:20]!a} as {name} in JSON", body, anything)


GROUPS: dict[str, list[Case]] = {
    "request lines": REQUEST_LINES,
    "methods": METHODS,
    "targets": TARGETS,
    "hosts": HOSTS,
    "fields": FIELDS,
    "lengths": LENGTHS,
    "codings": CODINGS,
    "chunks": CHUNKS,
    "bodies": BODIES,
    "expectations": EXPECTATIONS,
    "pipelines": PIPELINES,
    "endings": ENDINGS,
    "naughty strings": list(_naughty()),
    # A body in another segment than its head, and a head in many.
    "drop by drop": [replace(case, name=f"{case.name}, in pieces") for case in (
        *CHUNKS[:13], *LENGTHS[:6], *REQUEST_LINES[:9], *EXPECTATIONS[:4],
    )],
}  # fmt: skip
