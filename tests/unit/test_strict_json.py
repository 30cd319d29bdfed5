"""JSON objects are read strictly, and every member keeps its spelling."""

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.strict_json import (
    NotStrictJson,
    Number,
    read_object,
    read_pairs,
    spelled_members,
)
from tests import strategies
from tests.strategies import meaning

objects = strategies.json_objects(st.text(max_size=10), strategies.json_texts())
blanks = st.text(" \t\r\n", max_size=5)


@given(objects, blanks, blanks)
def test_members_keep_name_text_and_order(text, before, after):
    read, _ = read_object((before + text + after).encode())
    members = list(spelled_members(read))

    assert read == text
    assert [name for name, _ in members] == [name for name, _ in meaning(text)[1]]
    assert [meaning(f"{{{spelled}}}")[1] for _, spelled in members] == [
        [pair] for pair in meaning(text)[1]
    ]
    assert all(spelled in text for _, spelled in members)


@given(objects)
def test_values_are_what_json_says(text):
    def plain(value):
        match value:
            case ("object", pairs):
                return {name: plain(inner) for name, inner in pairs}
            case ("number", digits):
                return Number(digits)
            case list(items):
                return [plain(item) for item in items]
            case _:
                return value

    assert read_object(text.encode())[1] == plain(meaning(text))
    assert read_pairs(text.encode()) == [(name, plain(inner)) for name, inner in meaning(text)[1]]


@given(st.lists(st.sampled_from(strategies.ODD_NUMBERS) | strategies.json_numbers()))
def test_numbers_keep_their_digits_and_are_no_strings(numbers):
    text = "{" + ",".join(f'"{at}":{number}' for at, number in enumerate(numbers)) + "}"

    values = [value for _, value in read_pairs(text.encode())]

    assert values == numbers
    assert all(type(value) is Number for value in values)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_whatever_comes_is_members_or_not_strict_json_and_nothing_else(garbage):
    body = garbage.encode() if isinstance(garbage, str) else garbage

    with suppress(NotStrictJson):
        assert [name for name, _ in read_pairs(body)] == [name for name, _ in meaning(body)[1]]


@given(objects, st.data())
def test_an_object_cut_off_anywhere_is_refused(text, data):
    with pytest.raises(NotStrictJson):
        read_pairs(text[: data.draw(st.integers(0, len(text) - 1))].encode())


@given(objects, st.sampled_from("{}[],:x0\"'\0\v\f\x1c\x85\xa0\u2028\ufeff"))
def test_anything_but_blanks_behind_the_object_is_refused(text, behind):
    with pytest.raises(NotStrictJson):
        read_pairs((text + behind).encode())


BAD = [
    # No object, or not the whole of one.
    b"", b" \n", b"[]", b'"{}"', b"1", b"null", b"{", b'{"a"', b'{"a":', b'{"a":}', b'{"a" 1}',
    b'{"a"=1}', b'{"a":1', b'{"a":1,', b'{"a":1,}', b'{"a":1, }', b"{,}", b'{,"a":1}',
    b'{"a":1,,"b":2}', b'{"a":1 "b":2}', b'{"a":1;"b":2}', b'{"a":[1,]}', b"{a:1}", b"{'a':1}",
    b"{1:1}", b'{"a":1/*x*/}', b'{"a":1} x', b"{}{}", b"{}\x00",
    # Values that JSON does not have.
    b'{"a":01}', b'{"a":+1}', b'{"a":.5}', b'{"a":1.}', b'{"a":1e}', b'{"a":0x10}', b'{"a":-}',
    '{"a":٣}'.encode(), b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":[{"b":NaN}]}',
    b'{"a":True}', b'{"a":nul}', b'{"a":"\n"}', b'{"a":"\x00"}', b'{"\t":1}', rb'{"a":"\x41"}',
    rb'{"a":"\u12"}', rb'{"a":"\u00zz"}', b'{"a":"b}',
    # Not UTF-8 without a mark: Latin-1, an overlong slash, an encoded surrogate.
    b"\xef\xbb\xbf{}", '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-16-be"),
    '{"a":1}'.encode("utf-32"), b'{"a":"\xe9"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}',
    # A name twice inside.
    b'{"a":{"b":1,"b":2}}', b'{"a":[{"b":1,"b":1}]}', rb'{"a":{"b":1,"\u0062":2}}',
    b'{"a":{"b":1,"b":2},"c":{}}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD)
@pytest.mark.parametrize("read", [read_object, read_pairs])
def test_what_is_no_strict_json_object_is_refused(read, body):
    with pytest.raises(NotStrictJson):
        read(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":' + b"[" * 100_000, id="arrays that never end"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="closed arrays"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="objects"),
        pytest.param(b"[" * 100_000, id="brackets alone"),
        pytest.param(b'{"a":["' + b'\\"' * 75_000, id="escaped quotes"),
        pytest.param(b'{"a":["' + b"\\\\" * 75_000, id="backslashes"),
        pytest.param(b'{"a":[' + b'"\\\n' * 50_000, id="broken escapes"),
        pytest.param(b'{"a":[' + b'"' * 160_000, id="quotes"),
        pytest.param(b'{"a":' + b"1" * 160_000, id="digits"),
        pytest.param(b" " * 160_000 + b"x", id="blanks"),
        pytest.param(b"{" + b" " * 160_000, id="blanks inside"),
        pytest.param(b"{" + b'"a":1,' * 25_000, id="members"),
    ],
)
def test_a_deep_or_hostile_body_is_refused_as_fast_as_its_size_explains(body):
    started = process_time()
    with pytest.raises(NotStrictJson):
        read_pairs(body)

    # Seconds, where some hundredths are usual: what grows with the square takes minutes.
    assert process_time() - started < 20


def test_many_small_arrays_and_objects_are_no_depth():
    [(_, value)] = read_pairs(b'{"a":[' + b",".join([b"[{}]"] * 999) + b"]}")

    assert len(value) == 999


def test_a_repeated_name_is_for_the_caller_of_pairs_to_judge():
    repeated = rb'{"a":1,"b":{"c":[]},"\u0061":3}'

    assert read_pairs(repeated) == [("a", "1"), ("b", {"c": []}), ("a", "3")]
    with pytest.raises(NotStrictJson):
        read_object(repeated)


@pytest.mark.parametrize(
    ("spelled", "name", "value"),
    [
        pytest.param(r'"\ud800":"\udfff"', "\ud800", "\udfff", id="lone surrogates"),
        *((f'"n":{n}', "n", n) for n in ("9" * 5000, "0." + "1" * 5000, "1E999999", "-0", "1.0")),
    ],
)
def test_what_python_would_bend_or_refuse_comes_through(spelled, name, value):
    text, members = read_object(f"{{{spelled}}}".encode())

    assert members == {name: value}
    assert list(spelled_members(text)) == [(name, spelled)]


def test_the_error_tells_nothing_of_the_body():
    with pytest.raises(NotStrictJson) as error:
        read_pairs(b'{"refresh_token":"AQhidden"')

    assert error.value.__suppress_context__
    assert "hidden" not in str(error.value)
