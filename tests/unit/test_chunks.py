"""The chunked coding comes off as RFC 9112 section 7.1 has it, however its bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.chunks import BrokenChunks, ChunkReader, TooManyBytes

EXTENSIONS = ("", ";a", ";a=b", ';a="b;\\"c"', " ; a = b;c", ";a\t=\tb")
TRAILERS = ("", "X: y\r\n", "X:\r\nY: \t z\r\n")
pieces = st.lists(st.binary(min_size=1, max_size=300), max_size=8)


def chunked(bodies, extension="", trailers=""):
    coded = [b"%x%b\r\n%b\r\n" % (len(body), extension.encode(), body) for body in bodies]
    return b"".join(coded) + b"0%b\r\n%b\r\n" % (extension.encode(), trailers.encode())


def read(segments, largest=16_384):
    """Return body and rest, or None for the body if it has no end."""
    reader, buffer, body = ChunkReader(largest), bytearray(), b""
    for segment in segments:
        buffer += segment
        while (piece := reader.take(buffer)) is not None:
            if not piece:
                return body, bytes(buffer)
            body += piece
    return None, bytes(buffer)


@given(pieces, st.sampled_from(EXTENSIONS), st.sampled_from(TRAILERS), st.binary(max_size=20))
def test_what_was_chunked_comes_back_and_what_follows_stays(bodies, extension, trailers, rest):
    coded = chunked(bodies, extension, trailers)

    assert read([coded + rest]) == (b"".join(bodies), rest)


@given(pieces, st.sampled_from(EXTENSIONS), st.sampled_from(TRAILERS))
def test_it_does_not_matter_where_segments_end(bodies, extension, trailers):
    coded = chunked(bodies, extension, trailers)

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
    except (BrokenChunks, TooManyBytes):
        return

    assert garbage.endswith(rest)
    assert body is None or len(body) < len(garbage)


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"x", id="no digit"),
        pytest.param(b" 5", id="a blank before a size"),
        pytest.param(b"5\n", id="a bare LF"),
        pytest.param(b"5\rx", id="a bare CR"),
        pytest.param(b"5;a\0", id="a NUL"),
        pytest.param(b"1" * 300, id="a size without end"),
        pytest.param(b"1\r\nab", id="data too long"),
        pytest.param(b"1\r\na\n", id="data that ends in LF"),
        pytest.param(b"0\r\nX : ", id="a blank in a trailer"),
        pytest.param(b"0\r\nX" + b"y" * 5000, id="a trailer without end"),
    ],
)
def test_what_cannot_become_a_body_is_refused_before_its_line_ends(start):
    with pytest.raises(BrokenChunks):
        read([start])


def test_a_size_over_the_limit_is_refused_before_its_data_comes():
    assert read([b"a\r\n" + b"x" * 10 + b"\r\n0\r\n\r\n"], largest=10)[0] == b"x" * 10
    with pytest.raises(TooManyBytes):
        read([b"b\r\n"], largest=10)
    with pytest.raises(TooManyBytes):
        read([b"6\r\nxxxxxx\r\n5\r\n"], largest=10)
