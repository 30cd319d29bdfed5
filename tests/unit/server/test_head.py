"""Which request heads have one meaning only (RFC 9110, RFC 9112)."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.server.head import REQUEST_LINE, Malformed, read_head

HOST = "Host: swap.example"


def head(*lines):
    return "\r\n".join(lines).encode("latin-1")


def post(*fields):
    return head("POST /swap HTTP/1.1", HOST, *fields)


def is_well_formed(request_head):
    try:
        read_head(request_head)
    except Malformed:
        return False
    return True


GOOD = {
    "a form post": post("Content-Type: application/x-www-form-urlencoded", "Content-Length: 9"),
    "a method of one's own": head("PROPFIND /swap HTTP/1.1", HOST),
    "a method of odd token characters": head("!#$%&'*+-.^_`|~ / HTTP/1.1", HOST),
    "a query": head("GET /swap?code=AQ&x=%20 HTTP/1.1", HOST),
    "the asterisk of OPTIONS": head("OPTIONS * HTTP/1.1", HOST),
    "an absolute target": head("GET http://swap.example/swap HTTP/1.1", HOST),
    "an absolute target over TLS": head("GET https://swap.example/swap HTTP/1.1", HOST),
    "an absolute target without a path": head("GET http://swap.example HTTP/1.1", HOST),
    "an absolute target with a query alone": head("GET http://swap.example?x HTTP/1.1", HOST),
    "an absolute target in another case": head("GET HTTP://Swap.Example/ HTTP/1.1", HOST),
    "an absolute target with a port": head("GET http://a:8080/ HTTP/1.1", "Host: a:8080"),
    "a host with a port": head("GET / HTTP/1.1", "Host: swap.example:4343"),
    "a host with an empty port": head("GET / HTTP/1.1", "Host: swap.example:"),
    "a host that is an IPv6 address": head("GET / HTTP/1.1", "Host: [::1]:4343"),
    "an empty host": head("GET / HTTP/1.1", "Host:"),
    "a host behind blanks": head("GET / HTTP/1.1", "Host: \t swap.example \t"),
    "a host that is not first": head("GET / HTTP/1.1", "Accept: */*", HOST),
    "a later HTTP/1": head("GET / HTTP/1.2", HOST),
    "HTTP/1.0 without a host": head("GET / HTTP/1.0"),
    "HTTP/1.0 with a length": head("POST /swap HTTP/1.0", "Content-Length: 3"),
    "chunks": post("Transfer-Encoding: chunked"),
    "chunks behind blanks": post("Transfer-Encoding: \t chunked \t "),
    "chunks without a blank": post("transfer-encoding:chunked"),
    "chunks in another case": post("Transfer-Encoding: ChunKed"),
    "a length of zero": post("Content-Length: 0"),
    "a length behind blanks": post("Content-Length: \t 9\t "),
    "an empty value": post("X-Empty:"),
    "a value of blanks": post("X-Blank: \t "),
    "a value in Latin-1": post("X-Name: d\xe9j\xe0"),
    "a tab in a value": post("User-Agent: a\tb"),
    "a name of odd token characters": post("!#$%&'*+-.^_`|~: 1"),
    "names that are almost those that count": post("Content-Length-X: 1", "X-Content-Length: x"),
    "an Expect": post("Expect: 100-continue", "Content-Length: 9"),
    "many fields": post(*[f"X-{number}: y" for number in range(200)]),
}

BAD = {
    "a fragment": head("GET /swap#x HTTP/1.1", HOST),
    "an absolute target of another scheme": head("GET ftp://swap.example/swap HTTP/1.1", HOST),
    "an asterisk for GET": head("GET * HTTP/1.1", HOST),
    "nothing": b"",
    "an empty line before it": b"\r\n" + post(),
    "HTTP/0.9": b"GET /",
    "a request line alone, in HTTP/1.1": head("GET / HTTP/1.1"),
    "no target": head("GET HTTP/1.1", HOST),
    "a blank in the target": head("GET /a b HTTP/1.1", HOST),
    "a control character in the target": head("GET /\x01 HTTP/1.1", HOST),
    "DEL in the target": head("GET /\x7f HTTP/1.1", HOST),
    "Latin-1 in the target": head("GET /\xe9 HTTP/1.1", HOST),
    "the version in lower case": head("GET / http/1.1", HOST),
    "HTTP/2": head("GET / HTTP/2", HOST),
    "the preface of HTTP/2": b"PRI * HTTP/2.0",
    "HTTP/1.10": head("GET / HTTP/1.10", HOST),
    "HTTP/11": head("GET / HTTP/11", HOST),
    "a blank before the colon": head("GET / HTTP/1.1", "Host : swap.example"),
    "a tab before the colon": post("Content-Length\t: 9"),
    "a blank before the name": post(" Content-Length: 9"),
    "a name outside ASCII": post("Cont\xe9nt: 9"),
    "no name": post(": 9"),
    "no colon": post("Content-Length 9"),
    "an empty line inside": head("POST /swap HTTP/1.1", "", HOST),
    "a folded line": post("X-Long: a", " b"),
    "a folded line with a colon": post("X-Long: a", " b: c"),
    "a NUL in a value": post("X: a\0b"),
    "DEL in a value": post("X: a\x7fb"),
    "a bare CR in a value": post("X: a\rb"),
    "a bare LF in a value": post("X: a\nContent-Length: 9"),
    "a bare LF behind the request line": b"GET / HTTP/1.1\nHost: swap.example",
    "a bare LF at the end": post() + b"\n",
    "a bare CR at the end": post() + b"\r",
    "two lengths": post("Content-Length: 9", "Content-Length: 10"),
    "two equal lengths": post("Content-Length: 99", "Content-Length: 99"),
    "two lengths in other cases": post("Content-Length: 9", "content-length: 10"),
    "lengths in a list": post("Content-Length: 9, 9"),
    "an empty length": post("Content-Length:"),
    "a signed length": post("Content-Length: +9"),
    "a hexadecimal length": post("Content-Length: 0x9"),
    "a length with an underscore": post("Content-Length: 1_0"),
    "a length with a blank inside": post("Content-Length: 1 0"),
    "a length of other digits": post("Content-Length: \xb2"),
    "an endless length": post("Content-Length: " + "9" * 400),
    "chunks and a length": post("Transfer-Encoding: chunked", "Content-Length: 9"),
    "a length and chunks": post("Content-Length: 9", "Transfer-Encoding: chunked"),
    "chunks in HTTP/1.0": head("POST / HTTP/1.0", HOST, "Transfer-Encoding: chunked"),
    "chunks twice": post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "chunks, then identity": post("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    "identity": post("Transfer-Encoding: identity"),
    "a coding that nobody knows": post("Transfer-Encoding: xchunked"),
    "chunks with a Kelvin sign": post("Transfer-Encoding: chun\xe2\x84\xaaed"),
    "chunks with a parameter": post("Transfer-Encoding: chunked;x=y"),
    "a comma before chunks": post("Transfer-Encoding: ,chunked"),
    "chunks behind a vertical tab": post("Transfer-Encoding: \x0bchunked"),
    "no host": head("GET / HTTP/1.1", "Accept: */*"),
    "two hosts": head("GET / HTTP/1.1", HOST, "Host: other.example"),
    "two equal hosts": head("GET / HTTP/1.1", HOST, HOST),
    "two hosts in other cases": head("GET / HTTP/1.1", HOST, "hOST: other.example"),
    "two hosts in HTTP/1.0": head("GET / HTTP/1.0", HOST, "Host: other.example"),
    "a host with a blank": head("GET / HTTP/1.1", "Host: swap example"),
    "a host with a path": head("GET / HTTP/1.1", "Host: swap.example/x"),
    "a host with user info": head("GET / HTTP/1.1", "Host: user@swap.example"),
    "a host with a scheme": head("GET / HTTP/1.1", "Host: http://swap.example"),
    "a port that is no number": head("GET / HTTP/1.1", "Host: swap.example:http"),
    "a bracket that is not closed": head("GET / HTTP/1.1", "Host: [::1"),
    "an absolute target at another host": head("GET http://other.example/ HTTP/1.1", HOST),
    "an absolute target at another port": head("GET http://swap.example:81/ HTTP/1.1", HOST),
    "an absolute target with user info": head("GET http://x@swap.example/ HTTP/1.1", HOST),
    "an absolute target without a host": head("GET http:/// HTTP/1.1", HOST),
}


@pytest.mark.parametrize("request_head", GOOD.values(), ids=GOOD)
def test_a_head_with_one_meaning_is_well_formed(request_head):
    assert is_well_formed(request_head)


@pytest.mark.parametrize("request_head", BAD.values(), ids=BAD)
def test_a_malformed_or_ambiguous_head_is_not(request_head):
    assert not is_well_formed(request_head)


@given(st.binary(max_size=200))
def test_whatever_comes_is_judged(garbage):
    assert is_well_formed(garbage) in (True, False)


@given(st.sampled_from(sorted(GOOD)), st.data(), st.integers(0, 0x1F).filter(lambda c: c != 9))
def test_no_control_character_is_well_formed_anywhere(name, data, control):
    good = GOOD[name]
    at = data.draw(st.integers(0, len(good)))

    assert not is_well_formed(good[:at] + bytes([control]) + good[at:])


@given(st.sampled_from(("Content-Length: 9", "Transfer-Encoding: chunked", HOST)), st.data())
def test_a_second_field_of_framing_is_never_well_formed(field, data):
    value = data.draw(st.text("0123456789abchunked, \t", max_size=8))
    name = "".join(data.draw(st.sampled_from((c.lower(), c.upper()))) for c in field.split(":")[0])
    fields = [HOST, "Accept: */*"] + ([field] if field != HOST else [])
    at = data.draw(st.integers(0, len(fields)))
    fields.insert(at, f"{name}:{value}")

    assert not is_well_formed(head("POST /swap HTTP/1.1", *fields))


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(head("GET / HTTP/1.1", "Host: a" + " " * 160_000 + "b"), id="blanks in Host"),
        pytest.param(post("Content-Length: 1" + "\t " * 80_000 + "x"), id="blanks in a length"),
        pytest.param(post("X: a" + " " * 160_000 + "\x01"), id="blanks in another value"),
        pytest.param(post(*["Host: a"] * 15_000), id="many hosts"),
        pytest.param(post(*["X:"] * 40_000), id="many fields"),
        pytest.param(b"GET /" + b"a" * 160_000, id="a long target"),
        pytest.param(b"G" * 160_000, id="a long method"),
    ],
)
def test_a_hostile_head_takes_no_longer_than_its_size_explains(hostile):
    started = process_time()
    is_well_formed(hostile)

    # Seconds, where some hundredths are usual: what grows with the square takes minutes.
    assert process_time() - started < 20


@pytest.mark.parametrize("request_head", GOOD.values(), ids=GOOD)
def test_a_well_formed_head_begins_with_a_request_line(request_head):
    assert REQUEST_LINE.match(request_head + b"\r\n\r\n")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"\x16\x03\x01\r\n", id="a TLS hello"),
        pytest.param(b"GET / HTTP/1.1\n", id="a bare LF"),
        pytest.param(b"GET / HTTP/1.1\rHost: a\r\n", id="a bare CR"),
        pytest.param(b"GET /\r\n", id="HTTP/0.9"),
        pytest.param(b"EHLO\r\n", id="another protocol"),
    ],
)
def test_another_line_is_seen_before_the_head_ends(line):
    assert not REQUEST_LINE.match(line)


@pytest.mark.parametrize(
    ("sent", "target"),
    [
        pytest.param("http://a/b?c", b"/b?c", id="absolute"),
        pytest.param("HTTPS://a", b"/", id="absolute without a path"),
        pytest.param("http://a?b/c", b"/?b/c", id="absolute with a query alone"),
        pytest.param("/http://a/b", b"/http://a/b", id="a path that looks like one"),
        pytest.param("*", b"*", id="an asterisk"),
    ],
)
def test_the_target_is_the_path_of_an_absolute_one(sent, target):
    assert read_head(head(f"OPTIONS {sent} HTTP/1.1", "Host: a")).target == target


def test_fields_come_in_order_without_the_blanks_around_their_values():
    read = read_head(post("Transfer-Encoding: chunked \t ", "X: \t", "x:\ta b ", "Z: c\xa0 "))

    assert read.fields == [
        ("host", "swap.example"),
        ("transfer-encoding", "chunked"),
        ("x", ""),
        ("x", "a b"),
        ("z", "c\udca0"),
    ]


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        pytest.param([], 0, id="none"),
        pytest.param(["Content-Length: 0"], 0, id="empty"),
        pytest.param(["Content-Length: 007"], 7, id="a length"),
        pytest.param(["Transfer-Encoding: Chunked"], None, id="chunks"),
    ],
)
def test_the_length_of_the_body_is_known_or_it_comes_in_chunks(fields, length):
    assert read_head(post(*fields)).length == length


@pytest.mark.parametrize(
    ("version", "fields", "is_kept"),
    [
        pytest.param("1.1", [], True, id="HTTP/1.1"),
        pytest.param("1.1", ["Connection: close"], False, id="close"),
        pytest.param("1.1", ["Connection: Upgrade"], False, id="an option that we do not know"),
        pytest.param("1.0", [], False, id="HTTP/1.0"),
        pytest.param("1.0", ["Connection: Keep-Alive"], True, id="HTTP/1.0 that keeps it"),
        pytest.param("1.9", [], True, id="a later HTTP/1"),
    ],
)
def test_the_client_says_whether_the_connection_is_kept(version, fields, is_kept):
    assert read_head(head(f"GET / HTTP/{version}", HOST, *fields)).keep_alive is is_kept


@pytest.mark.parametrize(
    ("fields", "expectation"),
    [
        pytest.param([], None, id="none"),
        pytest.param(["Expect: 100-Continue"], "100-continue", id="the one that there is"),
        pytest.param(["Expect:"], "", id="nothing"),
        pytest.param(["Expect: 100-continue", "Expect: x"], "x", id="an unknown one behind"),
        pytest.param(["Expect: x", "Expect: 100-continue"], "x", id="an unknown one before"),
    ],
)
def test_an_unknown_expectation_is_not_lost(fields, expectation):
    assert read_head(post(*fields)).expectation == expectation
