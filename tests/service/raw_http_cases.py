"""Requests as raw bytes, and what has to come back: who sends what RFC 9112 does not have, and
who sends what it has and few send. A case that its bytes explain has them for a name.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from json import dumps
from typing import TypeVar
from urllib.parse import quote_plus

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
WHOLE = b"6\r\ncode=c\r\n0\r\n\r\n"
Value = TypeVar("Value", str, bytes)


def status(number: int, *, kept: bool = True) -> Outcome:
    """Return the outcome of one refusal."""
    return Outcome((number,), "invalid_request", kept)


def head(*lines: str) -> bytes:
    """Return a head, in Latin-1, with its empty line."""
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


def request(method_and_target: str, *fields: str) -> bytes:
    """Return a head with a Host and *fields*."""
    return head(f"{method_and_target} HTTP/1.1", HOST, *fields)


def get(*fields: str, target: str = "/healthz", version: str = "HTTP/1.1") -> bytes:
    """Return a GET with a Host and *fields*."""
    return head(f"GET {target} {version}", HOST, *fields)


def post(body: bytes = b"code=c", *fields: str, path: str = "/swap") -> bytes:
    """Return a POST with its length."""
    return head(f"POST {path} HTTP/1.1", HOST, *fields, f"Content-Length: {len(body)}") + body


def framed(*fields: str, body: bytes = b"code=c") -> bytes:
    """Return a POST whose framing is in *fields*, and a smuggled request behind it."""
    return request("POST /swap", FORM, *fields) + body + SMUGGLED


def chunked(body: bytes, *fields: str) -> bytes:
    """Return a POST with *body* in the chunked coding, as it is."""
    return request("POST /swap", FORM, "Transfer-Encoding: chunked", *fields) + body


def coded(*fields: str) -> bytes:
    """Return a POST in chunks of which *fields* tell, and a smuggled request behind it."""
    return framed(*fields, body=WHOLE)


def json(text: str | bytes) -> bytes:
    """Return a POST of JSON."""
    return post(text if isinstance(text, bytes) else text.encode(), JSON)


def form(text: str | bytes, path: str = "/swap") -> bytes:
    """Return a POST of a form."""
    return post(text if isinstance(text, bytes) else text.encode(), FORM, path=path)


def each(outcome: Outcome, make: Callable[[Value], bytes], *values: Value) -> list[Case]:
    """Return a case for each value, with its name."""
    return [Case(f"{value!a}", make(value), outcome) for value in values]


def named(outcome: Outcome, *rows: tuple[str, bytes]) -> list[Case]:
    """Return a case for each row."""
    return [Case(name, sent, outcome) for name, sent in rows]


# fmt: off
REQUEST_LINES = [
    *named(
        SERVED,
        ("plain", get()),
        ("an empty line before it", CRLF + get()),
        ("two empty lines before it", CRLF * 2 + get()),
        ("a query, never read", get(target="/healthz?a=b&c=%zz")),
        ("a trailing slash", get(target="/healthz/")),
        ("HTTP/1.2", get(version="HTTP/1.2")),
        ("HTTP/1.9", get(version="HTTP/1.9")),
        ("HTTP/1.0 that keeps", get("Connection: keep-alive", version="HTTP/1.0")),
    ),
    *named(
        SERVED_LAST,
        ("HTTP/1.0", get(version="HTTP/1.0")),
        ("HTTP/1.0 without a host", b"GET /healthz HTTP/1.0\r\n\r\n"),
        ("a connection to be closed", get("Connection: close")),
    ),
    *each(
        BAD, lambda version: get(version=version),
        "HTTP/2", "HTTP/3", "HTTP/0.9", "HTTP/1.10", "HTTP/1,1", "http/1.1", "HTTPS/1.1",
    ),
    *each(
        BAD, lambda line: head(line, HOST),
        "GET /healthz", "GET  /healthz HTTP/1.1", "GET /healthz HTTP/1.1 ",
    ),
    *each(
        BAD, lambda before: before + get(),
        CRLF * 3, b"\n", b"\r", b"\0", b"\xef\xbb\xbf", b" ",
    ),
    *named(
        BAD,
        ("HTTP/0.9", b"GET /healthz\r\n"),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("an SSH hello", b"SSH-2.0-OpenSSH_9.6\r\n"),
        ("a Redis command", b"*1\r\n$4\r\nPING\r\n"),
        ("the PROXY protocol", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + get()),
        ("the PROXY protocol, version 2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12)),
        ("a tab behind the method", b"GET\t/healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a line of LF", b"GET /healthz HTTP/1.1\nHost: a\r\n\r\n"),
        ("lines of LF alone", b"GET /healthz HTTP/1.1\nHost: a\n\n"),
        ("a line of CR", b"GET /healthz HTTP/1.1\rHost: a\r\n\r\n"),
        ("CR CR LF", b"GET /healthz HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    ),
]

METHODS = [
    *each(
        status(405), lambda method: head(f"{method} /healthz HTTP/1.1", HOST),
        "DELETE", "TRACE", "PROPFIND", "get", "!#$%&'*+-.^_`|~", "A" * 8000,
    ),
    *each(
        BAD, lambda method: head(f"{method} /healthz HTTP/1.1", HOST),
        "GE:T", 'GE"T', "GE\0T", "GE\xe9T", "",
    ),
    Case("POST for GET", post(b"", path="/healthz"), status(405)),
    Case("GET for POST", get(target="/swap"), status(405)),
    Case("HEAD for POST", request("HEAD /swap"), Outcome((405,), kept=True)),
    Case("HEAD", request("HEAD /healthz"), SERVED),
    Case("HEAD of nothing", request("HEAD /nowhere"), Outcome((404,), kept=True)),
    Case("OPTIONS", request("OPTIONS /swap"), Outcome((204,), kept=True)),
    Case("OPTIONS of nothing", request("OPTIONS /nowhere"), status(404)),
    Case("CONNECT", request("CONNECT swap.example:443"), BAD),
]

TARGETS = [
    *each(
        SERVED, lambda target: get(target=target),
        "http://swap.example/healthz", "HTTPS://SWAP.EXAMPLE/healthz?x", "http://swap.example?x=/y",
    ),
    *each(
        status(404), lambda target: get(target=target),
        "/nowhere", "//healthz", "/HEALTHZ", "/%68ealthz", "/healthz%0d%0aX:%20y", "/%zz",
        "/%2e%2e/healthz", "/healthz;a=b", "/<script>alert(1)</script>", "/{{7*7}}${7*7}",
        "/%ff%fe", "/" + "a" * 16_000, "http://swap.example/nowhere", "/a:b",
    ),
    *each(
        BAD, lambda target: get(target=target),
        "healthz", "", "*", "/healthz#x", "?x", "ftp://swap.example/healthz", "http:///healthz",
        "http://other.example/healthz", "http://swap.example@other.example/healthz", "/heal thz",
        "/healthz\0", "/\x1b[2J", "/h\xe9", "/heal\rthz", "/heal\nthz",
    ),
    Case("the asterisk of OPTIONS", request("OPTIONS *"), Outcome((204,), kept=True)),
    Case("an absolute target without a host", head("GET http://a/ HTTP/1.1"), BAD),
    Case("UTF-8", b"GET /\xe2\x82\xac HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
]

HOSTS = [
    *each(
        SERVED, lambda host: head("GET /healthz HTTP/1.1", f"Host:{host}"),
        " swap.example:4343", " [::1]:4343", " swap_service", "", " \t a \t ",
    ),
    *each(
        BAD, lambda host: head("GET /healthz HTTP/1.1", f"Host: {host}"),
        "a, b", "a/b", "a@b", "http://a", "a:http", "[::1", "b\xfccher", "a\0",
    ),
    *named(
        BAD,
        ("none", head("GET /healthz HTTP/1.1")),
        ("none, with a body", head("POST /swap HTTP/1.1", "Content-Length: 6") + b"code=c"),
        ("two", get("Host: other.example")),
        ("two, the same", get(HOST)),
        ("two in HTTP/1.0", get(HOST, version="HTTP/1.0")),
        ("a blank before the colon", head("GET /healthz HTTP/1.1", "Host : a")),
    ),
]

FIELDS = [
    *each(
        SERVED, get,
        "X:y", "X:", "X: d\xe9j\xe0", "User-Agent: \xff\xfe\xed\xa0\x80", "X: a\tb",
        "!#$%&'*+-.^_`|~: 1", "Cookie: a=b; c", "X-Forwarded-For: <script>, 1, ::",
        "Accept: ;;;,,,q=9", "Range: bytes=0-1", "Origin: \xff", "X-Request-ID: a b",
        "Origin: null", "TE: trailers", "X-HTTP-Method-Override: DELETE",
    ),
    *named(
        SERVED,
        ("900 fields", get(*["X: y"] * 900)),
        ("a field twice", get("Accept: a", "Accept: b")),
        ("an Authorization", get("Authorization: Basic Og==", "Authorization: Bearer x")),
        ("a condition", get("If-None-Match: *", "If-Match: x", "If-Modified-Since: x")),
        ("nearly those of framing", get("Content-Length-: 9", "X-Host: b")),
    ),
    *named(
        SERVED_LAST,
        (
            "an offer of HTTP/2 as curl sends it",
            get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
        ),
        ("an unknown word in Connection", get("Connection: x")),
    ),
    *each(
        BAD, get,
        "X : y", " X: y", "X", ": y", "(X): y", "X Y: z", "\xe9: y", "X\0Y: z", "X: a\0b",
        "X: a\rb", "X: a\nY: b", "X: a\x0bb", "X: \x1b[31m", "X: a\x7fb",
    ),
    *named(
        BAD,
        ("a fold", get("X: y", " z")),
        ("a fold before the first field", head("GET /healthz HTTP/1.1", " X: y", HOST)),
        ("a line that ends in LF", b"GET /healthz HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
        ("an empty line of LF", b"GET /healthz HTTP/1.1\r\nHost: a\r\n\n\r\n\r\n"),
    ),
    *named(
        status(431, kept=False),
        ("a value too long", get("X: " + "x" * 17_000)),
        ("a target too long", get(target="/" + "a" * 17_000)),
        ("fields too many", get(*["X: y"] * 3000)),
        ("a head that never ends", get()[:-2] + b"X: y\r\n" * 50_000),
        ("a name that never ends", get()[:-2] + b"X" * 300_000),
    ),
]

LENGTHS = [
    Case("a length", post(), ASKED),
    Case("in capitals", request("POST /swap", "CONTENT-LENGTH:6") + b"code=c", ASKED),
    Case("between blanks", framed("Content-Length: \t 6 \t "), Outcome((400, 200), kept=True)),
    Case("leading zeros", framed("Content-Length: 006"), Outcome((400, 200), kept=True)),
    Case("a length of zero", post(b""), REFUSED),
    Case("no length and no body", request("POST /swap"), REFUSED),
    Case("GET with a body", get("Content-Length: 6") + b"code=c", SERVED),
    Case("GET with an empty body", get("Content-Length: 0"), SERVED),
    Case(
        "OPTIONS with an empty body", request("OPTIONS /swap", "Content-Length: 0"),
        Outcome((204,), kept=True),
    ),
    Case(
        "HTTP/1.0 with a length",
        head("POST /swap HTTP/1.0", "Content-Length: 6") + b"code=c", ASKED_LAST,
    ),
    *named(
        status(413, kept=False),
        ("GET with too much", get("Content-Length: 20000") + SMUGGLED),
        ("GET with too much in chunks", get("Transfer-Encoding: chunked") + b"5000\r\n" + SMUGGLED),
        ("over the limit", framed("Content-Length: 16385")),
        ("of petabytes", framed("Content-Length: 999999999999999")),
    ),
    *each(
        BAD, lambda value: framed(f"Content-Length:{value}"),
        "", " +6", " -6", " 0x6", " 1_0", " 6.0", " 1 0", " 6, 6", " 6,", " 6;x", ' "6"', " \xb2",
        " \xd9\xa6", " \xa06", " \x0b6", " 6\0", " 6\t6", " " + "9" * 400,
    ),
    *each(
        BAD, lambda field: framed(f"{field}: 6"),
        "Content-Length ", "Content-Length\x0b", " Content-Length", "X: y\nContent-Length",
        "X: y\rContent-Length",
    ),
    *named(
        BAD,
        ("two lengths", framed("Content-Length: 6", "Content-Length: 0")),
        ("two equal lengths", framed("Content-Length: 6", "Content-Length: 6")),
        ("two lengths in other cases", framed("content-length: 6", "CONTENT-LENGTH: 6")),
        ("a folded length", framed("Content-Length:", " 6")),
    ),
]

CODINGS = [
    *each(
        ASKED_LAST, coded,
        "transfer-encoding:chunked", "Transfer-Encoding: \t chunked \t ",
        "Transfer-Encoding: CHUNKED",
    ),
    *each(
        BAD, lambda value: coded(f"Transfer-Encoding:{value}"),
        "", " identity", " gzip, chunked", " chunked, gzip", " chunked, chunked", " chunked,",
        " ,chunked", " xchunked", " chunkedx", " chunked;q=1", ' "chunked"', " chun\xe2\x84\xaaed",
        " \x0bchunked", " chunked\0", " ch\0unked", " \xa0chunked", " \x85chunked", " chunked\r",
        " \rchunked", " \nchunked", " chunked\n", " chunked x", ":chunked", " (chunked)",
    ),
    *each(
        BAD, lambda name: coded(f"{name}: chunked"),
        "Transfer-Encoding ", "\tTransfer-Encoding", "Transfer-Encoding\x0b", "\0Transfer-Encoding",
        "Transfer Encoding", "Transfer-Encoding\r", "\nTransfer-Encoding",
        "X: y\nTransfer-Encoding", "X: y\rTransfer-Encoding", "Transfer-Encoding\xa0",
        '"Transfer-Encoding"', "Transfer-Encoding:",
    ),
    *named(
        BAD,
        ("twice", coded("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")),
        ("twice, one unknown", coded("Transfer-Encoding: chunked", "Transfer-Encoding: x")),
        ("identity last", coded("Transfer-Encoding: chunked", "transfer-encoding: identity")),
        ("folded", coded("Transfer-Encoding:", " chunked")),
        ("before a length", coded("Transfer-Encoding: chunked", "Content-Length: 6")),
        ("behind a length", coded("Content-Length: 4", "Transfer-Encoding: chunked")),
        ("beside a length of zero", coded("Content-Length: 0", "Transfer-Encoding: chunked")),
        ("unknown beside a length", coded("Content-Length: 6", "Transfer-Encoding: x")),
        ("of HTTP/1.0", head("POST /swap HTTP/1.0", HOST, "Transfer-Encoding: chunked") + WHOLE),
    ),
    Case(
        "an underscore for the hyphen", coded("Transfer_Encoding: chunked"),
        Outcome((400, 400), "invalid_request"),
    ),
    Case("GET with chunks", get("Transfer-Encoding: chunked") + WHOLE + SMUGGLED, SERVED_LAST),
    Case(
        "chunks to nowhere",
        request("POST /nowhere", "Transfer-Encoding: chunked") + WHOLE + SMUGGLED,
        status(404, kept=False),
    ),
]

CHUNKS = [
    *each(
        ASKED_LAST, chunked,
        WHOLE, b"2\r\nco\r\n4\r\nde=c\r\n0\r\n\r\n", b"0006\r\ncode=c\r\n000\r\n\r\n",
        b"A\r\ncode=ccccc\r\n0\r\n\r\n", b"6;a=b;c=d\r\ncode=c\r\n0;e=f\r\n\r\n",
        b'6;a="b;\\"c"\r\ncode=c\r\n0\r\n\r\n', b"6 ; a = b\r\ncode=c\r\n0\r\n\r\n",
        b"6\r\ncode=c\r\n0\r\nX-Sum: 1\r\nX-Other:\r\n\r\n", WHOLE + SMUGGLED,
    ),
    *each(
        BAD, lambda size: chunked(size + b"\r\ncode=c\r\n0\r\n\r\n" + SMUGGLED),
        b"", b" 6", b"6 ", b"0x6", b"6x", b"+6", b"-6", b"0_6", b"6.", b"6,", b'"6"', b"6\0",
        b"\x0b6", b"\xd9\xa6", b"\xb2", b"\xa06", b"6;", b"6;=b", b"6;a b", b'6;a="b', b"6;a\0",
        b"6:a", b"6\r", b"6\n", b"\n6", b"6;a\nb", b"6;a\rb", b"6;a" + b"b" * 300,
    ),
    *each(
        BAD, chunked,
        b"0\r\n\r\n", b"6\ncode=c\n0\n\n", b"6;a\ncode=c\r\n0\r\n\r\n", b"6\r\ncode=c\n0\r\n\r\n",
        b"6\r\ncode=c0\r\n\r\n", b"5\r\ncode=c\r\n0\r\n\r\n", b"\r\n" + WHOLE,
        b"6\r\ncode=c\r\n-0\r\n\r\n",
    ),
    *each(
        BAD, lambda trailers: chunked(b"6\r\ncode=c\r\n0\r\n" + trailers),
        SMUGGLED, b"X : y\r\n\r\n", b"X: y\r\n z\r\n\r\n", b"X: y\n\r\n",
        b"Content-Length: 6\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n", b"X: y\r\n" * 2000,
    ),
    Case(
        "as much as there may be",
        chunked(b"2000\r\n%b\r\n2000\r\n%b\r\n0\r\n\r\n" % (
            b"code=c&x=".ljust(0x2000, b"x"), b"x" * 0x2000,
        )),
        ASKED_LAST,
    ),
    *named(
        status(413, kept=False),
        ("a chunk over the limit", chunked(b"4001\r\n" + b"x" * 0x4001 + b"\r\n0\r\n\r\n")),
        ("chunks over the limit", chunked(b"1000\r\n" + b"x" * 0x1000 + b"\r\n" + b"3001\r\nx")),
        ("a size beyond 64 bits", chunked(b"f" * 17 + b"\r\ncode=c")),
        ("a size that wraps to 6", chunked(b"10000000000000006\r\ncode=c\r\n0\r\n\r\n")),
        ("a size of 200 digits", chunked(b"f" * 200 + b"\r\ncode=c")),
    ),
]

BODIES = [
    *each(
        ASKED, form,
        "&&code=c&&", "a=1&a=2&code=c&code[]=d&Code=e", "%63ode=%20c%0d%0a", "code=" + "c" * 2048,
        "x=" + "y" * (16_384 - 9) + "&code=c",
    ),
    *each(
        ASKED, json,
        '{"x":[1,{"y":null}],"code":"c","z":1e999}', '{"co\\u0064e":"\\u0063"}',
        '{"code":"c","redirect_uri":null}', '{"code":"c","x":' + "[" * 400 + "]" * 400 + "}",
    ),
    *each(
        ASKED, lambda field: post(b"code=c", field),
        FORM + "; charset=UTF-8", FORM.upper(), "Content-Type:",
        "Content-Type: text/plain;charset=UTF-8", "Content-Encoding: identity",
    ),
    *named(
        ASKED,
        ("no type", post(b"code=c")),
        ("a query beside it", post(b"code=c", path="/swap?code=d")),
        ("a slash behind the path", post(b"code=c", path="/swap/")),
        ("the endpoint of OAuth", form("grant_type=authorization_code&code=c", "/api/token")),
        ("JSON as plain text", post(b' {"code":"c"}', "Content-Type: text/plain")),
        ("JSON with a charset", post(b'{"code":"c"}', JSON + ";charset=utf-8")),
        ("a token that is none", form("refresh_token=s1.x", "/refresh")),
        ("a token at the endpoint of Ruby", form("refresh_token=s1.x", "/api/refresh_token")),
    ),
    *each(
        REFUSED, form,
        "", "code=+%20%09", "code=c&%63ode=d", "code=undefined", "code=a%00b", "code=%c3%a4",
        "code=%zz", "code=c&x=%g0", b"code=\xff", "code=%ed%a0%80", "code=c".encode("utf-16"),
        b"\xef\xbb\xbfcode=c", "code=" + "c" * 2049, '{"code":"c"}',
        "code=c&redirect_uri=https://evil.example/", "code=c&code_verifier=short",
    ),
    *each(
        REFUSED, json,
        "code=c", "", "null", '["code","c"]', "{}", '{"code":"c"', '{"code":"c",}',
        '{"code":"c"} x', "{'code':'c'}", '{"code":"c","x":NaN}', '{"code":"c","x":01}',
        '{"code":"c","code":"c"}', '{"code":["c"]}', '{"code":1}', '{"code":null}',
        '{"code":"a\nb"}', '{"code":"\\ud800"}', '{"code":"c","x":{"y":1,"y":2}}',
        '{"code":"c"/**/}', "\ufeff{}", '{"code":"c","x":' + "[" * 6000 + "]" * 6000 + "}",
        '{"code":"c","x":' + '{"a":' * 2500, b'{"code":"\xe9"}', '{"code":"c"}'.encode("utf-16"),
    ),
    *each(
        status(415, kept=False), lambda field: post(b"code=c", field),
        "Content-Type: multipart/form-data; boundary=x", "Content-Type: text/html",
        "Content-Type: application/json5", "Content-Type: x", "Content-Type: */*",
        "Content-Type: application/json, text/html", FORM + "\xa0", "Content-Encoding: gzip",
        "Content-Encoding: identity, gzip",
    ),
    Case("two types", post(b"code=c", FORM, JSON), status(415, kept=False)),
    Case("no type and one", post(b"{}", "Content-Type:", JSON), REFUSED),
    Case("a token too long", form("refresh_token=" + "s" * 4097, "/refresh"), REFUSED),
    Case("another app", form("client_id=x&code=c"), Outcome((400,), "invalid_client", kept=True)),
    Case(
        "another grant", form("grant_type=password", "/api/token"),
        Outcome((400,), "unsupported_grant_type", kept=True),
    ),
    Case("a byte too large", form("x=" + "y" * (16_384 - 8) + "&code=c"), status(413, kept=False)),
    Case("a megabyte", form("x=" + "y" * 1_000_000), status(413, kept=False)),
    Case("a megabyte to nowhere", post(b"y" * 1_000_000, path="/nowhere"), status(404, kept=False)),
    Case(
        "a picture of a megabyte", post(b"y" * 1_000_000, "Content-Type: image/png"),
        status(415, kept=False),
    ),
]

CONTINUE = "Expect: 100-continue"
EXPECTATIONS = [
    # The status in between is an answer of its own on the wire.
    *named(
        Outcome((100, 400), "invalid_grant", kept=True),
        ("100-continue", post(b"code=c", CONTINUE)),
        ("100-Continue", post(b"code=c", "Expect: 100-Continue")),
    ),
    Case(
        "100-continue before chunks", chunked(WHOLE, CONTINUE),
        Outcome((100, 400), "invalid_grant"),
    ),
    Case(
        "100-continue in HTTP/1.0",
        head("POST /swap HTTP/1.0", CONTINUE, "Content-Length: 6") + b"code=c", ASKED_LAST,
    ),
    Case("100-continue for nothing", get(CONTINUE), SERVED),
    Case(
        "100-continue before too much",
        request("POST /swap", CONTINUE, "Content-Length: 99999"), status(413, kept=False),
    ),
    Case(
        "100-continue before a picture", post(b"code=c", CONTINUE, "Content-Type: image/png"),
        status(415, kept=False),
    ),
    Case(
        "100-continue to nowhere", post(b"code=c", CONTINUE, path="/nowhere"),
        status(404, kept=False),
    ),
    *named(
        status(417, kept=False),
        ("a miracle", post(b"code=c", "Expect: miracles")),
        ("nothing", post(b"code=c", "Expect:")),
        ("two", post(b"code=c", "Expect: 100-continue, x")),
        ("a miracle without a body", get("Expect: miracles")),
    ),
]

SMUGGLED_LENGTH = f"Content-Length: {len(SMUGGLED)}"
PIPELINES = [
    Case("three requests", get() * 3, Outcome((200, 200, 200), kept=True)),
    Case("fifty requests", get() * 50, Outcome((200,) * 50, kept=True)),
    Case("a post between", get() + form("code=c") + get(), Outcome((200, 400, 200), kept=True)),
    Case("an empty line between", form("code=c") + CRLF + get(), Outcome((400, 200), kept=True)),
    Case("a bad one behind", get() + b"\0\n", Outcome((200, 400), "invalid_request")),
    Case("one behind a bad one", get("X : y") + SMUGGLED, BAD),
    Case("one behind a close", get("Connection: close") + SMUGGLED, SERVED_LAST),
    Case("one behind HTTP/1.0", get(version="HTTP/1.0") + SMUGGLED, SERVED_LAST),
    Case("in a refused body", post(SMUGGLED, "Content-Type: image/png"), status(415, kept=False)),
    Case("in a body to nowhere", post(SMUGGLED, path="/nowhere"), status(404, kept=False)),
    Case("one in a body of GET", get(SMUGGLED_LENGTH) + SMUGGLED, SERVED),
    Case(
        "one in a body of HEAD", request("HEAD /healthz", SMUGGLED_LENGTH) + SMUGGLED, SERVED
    ),
    Case(
        "one in a body of OPTIONS", request("OPTIONS /swap", SMUGGLED_LENGTH) + SMUGGLED,
        Outcome((204,)),
    ),
    Case(
        "one behind too much", request("POST /swap", "Content-Length: 20000") + SMUGGLED,
        status(413, kept=False),
    ),
    Case(
        "one behind an upgrade to a web socket",
        get("Connection: Upgrade", "Upgrade: websocket") + SMUGGLED,
        SERVED_LAST,
    ),
    Case(
        "a body shorter than told",
        request("POST /swap", "Content-Length: 5") + b"code=c\r\n\r\n",
        Outcome((400, 400), "invalid_request"),
    ),
]

ENDINGS = [replace(case, half_closes=True) for case in (
    *each(
        NOTHING, lambda sent: sent,
        b"", b"GE", get()[:-3], get()[:-1], post()[:-6], post()[:-1], chunked(b"6\r\ncode"), CRLF,
        chunked(b"6\r\ncode=c\r\n"), chunked(b"6\r\ncode=c\r\n0\r\n"),
    ),
    Case("behind a GET", get(), SERVED_LAST),
    Case("behind a POST", form("code=c"), ASKED_LAST),
    Case("behind chunks", chunked(WHOLE), ASKED_LAST),
    Case("behind two", get() * 2, Outcome((200, 200))),
    Case("in a second head", form("code=c") + get()[:-3], ASKED_LAST),
    Case("in a second body", form("code=c") + post()[:-1], ASKED_LAST),
)]

# What breaks programs that were not written for it.
NAUGHTY = (
    "", "undefined", "null", "nil", "NaN", "-1", "1e309", "9" * 300, "١٢٣", "ﷺ", "田中さん",
    "👾🏳️‍🌈", "\u202etest", "\ufffe", "\x00", "\x07\x1b[31m", "a\r\nSet-Cookie: x=y",
    "<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "' OR 1=1 --",
    "$(touch /tmp/x)", "%s%n%p", "{0}", "${jndi:ldap://x/a}", "{{7*7}}", "../../../etc/passwd",
    "__proto__", '{"$gt":""}', "a" * 3000, "%00", "\\u0000", '"', "&", "=", "+", "%", ";",
    "s1.", "s1.AAAAAAAA.", "AQ" * 60,
)
# fmt: on


def _naughty() -> Iterable[Case]:
    # Whatever it says, it is a parameter that is refused: no more, and no less.
    anything = Outcome((400,), "invalid_*", kept=True)
    for text in NAUGHTY:
        for path, name in (("/swap", "code"), ("/refresh", "refresh_token")):
            title = f"{text[:20]!a} as {name}"
            yield Case(title, form(f"{name}={quote_plus(text)}", path), anything)
            body = post(dumps({name: text}, ensure_ascii=False).encode(), JSON, path=path)
            yield Case(f"{title} in JSON", body, anything)


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
    "drop by drop": [
        replace(case, name=f"{case.name}, in pieces")
        for case in (*CHUNKS[:9], *LENGTHS[:6], *REQUEST_LINES[:9], *EXPECTATIONS[:4])
    ],
}
