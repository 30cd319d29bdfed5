"""The chunked coding comes off as RFC 9112 section 7.1 has it, however its bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import BodyTooLarge
from sanic_swap.server.grammar import BodyReader, Malformed

EXTENSIONS = ("", ";a", ";a=b", ';a="b;\\"c"', " ; a = b;c", ";a\t=\tb")
TRAILERS = ("", "X: y\r\n", "X:\r\nY: \t z\r\n")
pieces = st.lists(st.binary(min_size=1, max_size=300), max_size=8)


def chunked(bodies, extension="", trailers=""):
    coded = [b"%x%b\r\n%b\r\n" % (len(body), extension.encode(), body) for body in bodies]
    return b"".join(coded) + b"0%b\r\n%b\r\n" % (extension.encode(), trailers.encode())


class NothingMore(Exception):
    """All segments have been received."""


def read(segments):
    """Return body and rest, or None for the body if it has no end."""
    buffer, to_come = bytearray(), iter(segments)

    async def receive_more():
        if (segment := next(to_come, None)) is None:
            raise NothingMore
        buffer.extend(segment)

    try:
        BodyReader(buffer, receive_more).read_chunks().send(None)
    except StopIteration as ended:
        return ended.value, bytes(buffer)
    except NothingMore:
        return None, bytes(buffer)


@given(pieces, st.sampled_from(EXTENSIONS), st.sampled_from(TRAILERS), st.binary(max_size=20))
def test_what_was_chunked_comes_back_however_it_is_cut(bodies, extension, trailers, rest):
    coded = chunked(bodies, extension, trailers)

    assert read([coded + rest]) == (b"".join(bodies), rest)
    assert read(coded[at : at + 1] for at in range(len(coded))) == (b"".join(bodies), b"")


@given(pieces, st.data())
def test_a_beginning_is_waited_for(bodies, data):
    coded = chunked(bodies)
    at = data.draw(st.integers(0, len(coded) - 1))

    assert read([coded[:at]])[0] is None


@given(st.binary(max_size=200))
def test_whatever_comes_is_taken_waited_for_or_refused(garbage):
    try:
        body, rest = read([garbage])
    except (Malformed, BodyTooLarge):
        return

    assert garbage.endswith(rest)
    assert body is None or len(body) < len(garbage)


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"x\r\n", id="no digit"),
        pytest.param(b" 5\r\n", id="a blank before a size"),
        pytest.param(b"5\n", id="a bare LF"),
        pytest.param(b"5\rx\n", id="a bare CR"),
        pytest.param(b"5;a\0\r\n", id="a NUL"),
        pytest.param(b"1" * 300, id="a size without end"),
        pytest.param(b"1\r\nab\r", id="data too long"),
        pytest.param(b"1\r\na\nx", id="data that ends in LF"),
        pytest.param(b"0\r\nX : y\r\n", id="a blank in a trailer"),
        pytest.param(b"0\r\nX: y\n", id="a trailer that ends in LF"),
        pytest.param(b"0\r\ncontent-Length: 1\r\n", id="a trailer that frames"),
        pytest.param(b"0\r\nX" + b"y" * 5000, id="a trailer without end"),
        pytest.param(b"0\r\n" + b"X: y\r\n" * 700, id="trailers without end"),
    ],
)
def test_a_malformed_line_is_refused_as_soon_as_it_is_whole(start):
    with pytest.raises(Malformed):
        read([start])


def test_a_size_over_the_limit_is_refused_before_its_data_comes():
    assert read([b"4000\r\n" + b"x" * 0x4000 + b"\r\n0\r\n\r\n"])[0] == b"x" * 0x4000
    for start in (b"4001\r\n", b"2000\r\n" + b"x" * 0x2000 + b"\r\n2001\r\n"):
        with pytest.raises(BodyTooLarge):
            read([start])
