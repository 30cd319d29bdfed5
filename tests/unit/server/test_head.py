"""Which request heads have one meaning only (RFC 9110, RFC 9112)."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.server.grammar import Malformed, check_first_line, read_head

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


GOOD = [
    *(head(line, HOST) for line in (
        "PROPFIND /swap HTTP/1.1", "!#$%&'*+-.^_`|~ / HTTP/1.1", "GET /swap?code=AQ&x=%20 HTTP/1.1",
        "OPTIONS * HTTP/1.1", "GET http://swap.example/swap HTTP/1.1", "GET / HTTP/1.2",
        "GET https://swap.example/swap HTTP/1.1", "GET http://swap.example HTTP/1.1",
        "GET http://swap.example?x HTTP/1.1", "GET HTTP://Swap.Example/ HTTP/1.1",
    )),
    *(head("GET / HTTP/1.1", field) for field in (
        "Host: swap.example:4343", "Host: swap.example:", "Host: [::1]:4343", "Host:",
        "Host: \t swap.example \t",
    )),
    head("GET http://a:8080/ HTTP/1.1", "Host: a:8080"),
    head("GET / HTTP/1.1", "Accept: */*", HOST),
    head("GET / HTTP/1.0"),
    head("POST /swap HTTP/1.0", "Content-Length: 3"),
    *(post(field) for field in (
        "Transfer-Encoding: chunked", "Transfer-Encoding: \t chunked \t ", "Content-Length: 0",
        "transfer-encoding:chunked", "Transfer-Encoding: ChunKed", "Content-Length: \t 9\t ",
        "X-Empty:", "X-Blank: \t ", "X-Name: d\xe9j\xe0", "User-Agent: a\tb", "!#$%&'*+-.^_`|~: 1",
    )),
    post("Content-Type: application/x-www-form-urlencoded", "Content-Length: 9"),
    post("Content-Length-X: 1", "X-Content-Length: x"),
    post("Expect: 100-continue", "Content-Length: 9"),
    post(*[f"X-{number}: y" for number in range(200)]),
]  # fmt: skip

BAD = [
    b"", b"GET /", b"\r\n" + post(), post() + b"\n", post() + b"\r", b"PRI * HTTP/2.0",
    b"GET / HTTP/1.1\nHost: swap.example", head("GET / HTTP/1.1"),
    *(head(line, HOST) for line in (
        "GET /swap#x HTTP/1.1", "GET ftp://swap.example/swap HTTP/1.1", "GET * HTTP/1.1",
        "GET HTTP/1.1", "GET /a b HTTP/1.1", "GET /\x01 HTTP/1.1", "GET /\x7f HTTP/1.1",
        "GET /\xe9 HTTP/1.1", "GET / http/1.1", "GET / HTTP/2", "GET / HTTP/1.10", "GET / HTTP/11",
        "GET http://other.example/ HTTP/1.1", "GET http://swap.example:81/ HTTP/1.1",
        "GET http://x@swap.example/ HTTP/1.1", "GET http:/// HTTP/1.1", "POST /swap HTTP/1.1\r\n",
    )),
    *(post(field) for field in (
        "Content-Length\t: 9", " Content-Length: 9", "Cont\xe9nt: 9", ": 9", "Content-Length 9",
        "X-Long: a\r\n b", "X-Long: a\r\n b: c", "X: a\0b", "X: a\x7fb", "X: a\rb",
        "X: a\nContent-Length: 9", "Content-Length: 9, 9", "Content-Length:", "Content-Length: +9",
        "Content-Length: 0x9", "Content-Length: 1_0", "Content-Length: 1 0", "Content-Length: \xb2",
        "Content-Length: \xc2\xb2",  # a superscript two
        "Content-Length: " + "9" * 400, "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked;x=y",
        "Transfer-Encoding: chun\xe2\x84\xaaed",  # a Kelvin sign
        "Transfer-Encoding: ,chunked", "Transfer-Encoding: \x0bchunked",
    )),
    *(post(*fields) for fields in (
        ("Content-Length: 9", "content-length: 10"), ("Content-Length: 99", "Content-Length: 99"),
        ("Transfer-Encoding: chunked", "Content-Length: 9"), ("Host: other.example",), (HOST,),
        ("Content-Length: 9", "Transfer-Encoding: chunked"), ("hOST: other.example",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    )),
    head("POST / HTTP/1.0", HOST, "Transfer-Encoding: chunked"),
    head("GET / HTTP/1.0", HOST, "Host: other.example"),
    head("GET / HTTP/1.1", "Accept: */*"),
    *(head("GET / HTTP/1.1", field) for field in (
        "Host : swap.example", "Host: swap example", "Host: swap.example/x", "Host: [::1",
        "Host: user@swap.example", "Host: http://swap.example", "Host: swap.example:http",
    )),
]  # fmt: skip


@pytest.mark.parametrize("request_head", GOOD)
def test_a_head_with_one_meaning_is_well_formed(request_head):
    assert is_well_formed(request_head)
    check_first_line(bytearray(request_head + b"\r\n\r\n"))


@pytest.mark.parametrize("request_head", BAD)
def test_a_malformed_or_ambiguous_head_is_not(request_head):
    assert not is_well_formed(request_head)


@given(st.binary(max_size=200))
def test_whatever_comes_is_judged(garbage):
    assert is_well_formed(garbage) in (True, False)


@given(st.sampled_from(GOOD), st.data(), st.integers(0, 0x1F).filter(lambda c: c != 9))
def test_no_control_character_is_well_formed_anywhere(good, data, control):
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


@pytest.mark.parametrize(
    "line",
    [
        *(b"\x16\x03\x01\r\n", b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\rHost: a\r\n"),
        *(b"GET /\r\n", b"EHLO\r\n"),
    ],
)
def test_another_line_is_seen_before_the_head_ends(line):
    with pytest.raises(Malformed):
        check_first_line(bytearray(line))


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
        ([], 0),
        (["Content-Length: 0"], 0),
        (["Content-Length: 007"], 7),
        (["Transfer-Encoding: Chunked"], None),
    ],
)
def test_the_length_of_the_body_is_known_or_it_comes_in_chunks(fields, length):
    assert read_head(post(*fields)).length == length


@pytest.mark.parametrize(
    ("version", "fields", "is_kept"),
    [
        ("1.1", [], True),
        ("1.1", ["Connection: close"], False),
        ("1.1", ["Connection: Upgrade"], False),
        ("1.0", [], False),
        ("1.0", ["Connection: Keep-Alive"], True),
        ("1.9", [], True),
    ],
)
def test_the_client_says_whether_the_connection_is_kept(version, fields, is_kept):
    assert read_head(head(f"GET / HTTP/{version}", HOST, *fields)).keep_alive is is_kept


@pytest.mark.parametrize(
    ("fields", "expectation"),
    [
        ([], None),
        (["Expect: 100-Continue"], "100-continue"),
        (["Expect:"], ""),
        (["Expect: 100-continue", "Expect: x"], "x"),
        (["Expect: x", "Expect: 100-continue"], "x"),
    ],
)
def test_an_unknown_expectation_is_not_lost(fields, expectation):
    assert read_head(post(*fields)).expectation == expectation
