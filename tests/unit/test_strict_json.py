"""JSON objects are read strictly, and every member keeps its spelling."""

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.strict_json import NotStrictJson, Number, read_members, strings_in
from tests import strategies
from tests.strategies import meaning

objects = strategies.json_objects(st.text(max_size=10), strategies.json_texts())


@given(objects)
def test_members_keep_name_text_and_order(text):
    members = read_members(text.encode())

    expected = meaning(text)[1]
    assert [member.name for member in members] == [name for name, _ in expected]
    assert [meaning("{" + member.text + "}")[1] for member in members] == [
        [pair] for pair in expected
    ]
    assert all(member.text in text for member in members)


@given(objects)
def test_values_are_what_json_says(text):
    members = read_members(text.encode())

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

    assert {member.name: member.value for member in members} == plain(meaning(text))


@given(st.lists(st.sampled_from(strategies.ODD_NUMBERS) | strategies.json_numbers()))
def test_numbers_keep_their_digits_and_are_no_strings(numbers):
    text = "{" + ",".join(f'"{at}":{number}' for at, number in enumerate(numbers)) + "}"

    members = read_members(text.encode())

    assert [member.value for member in members] == numbers
    assert all(type(member.value) is Number for member in members)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_whatever_comes_is_members_or_not_strict_json_and_nothing_else(garbage):
    body = garbage.encode() if isinstance(garbage, str) else garbage

    try:
        names = [member.name for member in read_members(body)]
    except NotStrictJson as error:
        names = error

    if isinstance(names, NotStrictJson):
        assert names.__suppress_context__
    else:
        assert names == [name for name, _ in meaning(body)[1]]


@given(objects, st.data())
def test_an_object_cut_off_anywhere_is_refused(text, data):
    whole = text.strip()

    with pytest.raises(NotStrictJson):
        read_members(whole[: data.draw(st.integers(0, len(whole) - 1))].encode())


@given(objects, st.text(" \t\r\n", max_size=5), st.text(" \t\r\n", max_size=5))
def test_blanks_around_the_object_do_not_count(text, before, after):
    assert read_members((before + text + after).encode()) == read_members(text.encode())


@given(objects, st.sampled_from("{}[],:x0\"'\0\v\f\x1c\x85\xa0\u2028\ufeff"))
def test_anything_else_behind_the_object_is_refused(text, behind):
    with pytest.raises(NotStrictJson):
        read_members((text + behind).encode())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b" \n", id="blanks"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b'"{}"', id="a string"),
        pytest.param(b"1", id="a number"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b'{"a"', id="half a member"),
        pytest.param(b'{"a":', id="no value"),
        pytest.param(b'{"a":}', id="an empty value"),
        pytest.param(b'{"a" 1}', id="no colon"),
        pytest.param(b'{"a"=1}', id="an equals sign for the colon"),
        pytest.param(b'{"a":1', id="no end"),
        pytest.param(b'{"a":1,', id="no end after a comma"),
        pytest.param(b'{"a":1,}', id="a comma before the end"),
        pytest.param(b'{"a":1, }', id="a comma and a blank before the end"),
        pytest.param(b"{,}", id="a comma alone"),
        pytest.param(b'{,"a":1}', id="a comma at the start"),
        pytest.param(b'{"a":1,,"b":2}', id="two commas"),
        pytest.param(b'{"a":1 "b":2}', id="no comma"),
        pytest.param(b'{"a":1;"b":2}', id="a semicolon"),
        pytest.param(b'{"a":[1,]}', id="a comma before the end of an array"),
        pytest.param(b"{a:1}", id="a bare name"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b"{1:1}", id="a number as a name"),
        pytest.param(b'{"a":01}', id="a leading zero"),
        pytest.param(b'{"a":+1}', id="a plus sign"),
        pytest.param(b'{"a":.5}', id="nothing before the point"),
        pytest.param(b'{"a":1.}', id="nothing behind the point"),
        pytest.param(b'{"a":1e}', id="no exponent"),
        pytest.param(b'{"a":0x10}', id="hex"),
        pytest.param(b'{"a":-}', id="a sign alone"),
        pytest.param('{"a":٣}'.encode(), id="a digit outside ASCII"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":Infinity}', id="Infinity"),
        pytest.param(b'{"a":-Infinity}', id="minus Infinity"),
        pytest.param(b'{"a":[{"b":NaN}]}', id="NaN inside"),
        pytest.param(b'{"a":True}', id="Python's True"),
        pytest.param(b'{"a":nul}', id="half a null"),
        pytest.param(b'{"a":"\n"}', id="a newline in a string"),
        pytest.param(b'{"a":"\x00"}', id="a NUL in a string"),
        pytest.param(b'{"\t":1}', id="a tab in a name"),
        pytest.param(rb'{"a":"\x41"}', id="an escape that JSON has not"),
        pytest.param(rb'{"a":"\u12"}', id="half an escape"),
        pytest.param(rb'{"a":"\u00zz"}', id="an escape without hex"),
        pytest.param(b'{"a":"b}', id="a string without end"),
        pytest.param(b'{"a":1/*x*/}', id="a comment"),
        pytest.param(b'{"a":1} x', id="text behind it"),
        pytest.param(b"{}{}", id="two objects"),
        pytest.param(b"{}\x00", id="a NUL behind it"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"a":1}'.encode("utf-16-be"), id="UTF-16 without a mark"),
        pytest.param('{"a":1}'.encode("utf-32"), id="UTF-32"),
        pytest.param(b'{"a":"\xe9"}', id="Latin-1"),
        pytest.param(b'{"a":"\xc0\xaf"}', id="an overlong slash"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="an encoded surrogate"),
        pytest.param(b'{"a":{"b":1,"b":2}}', id="a name twice inside"),
        pytest.param(b'{"a":[{"b":1,"b":1}]}', id="a name twice in an array"),
        pytest.param(rb'{"a":{"b":1,"\u0062":2}}', id="a name twice, once escaped"),
    ],
)
def test_what_is_no_strict_json_object_is_refused(body):
    with pytest.raises(NotStrictJson):
        read_members(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":' + b"[" * 100_000, id="arrays that never end"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="closed arrays"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="objects"),
        pytest.param(b"[" * 100_000, id="brackets alone"),
    ],
)
def test_what_is_nested_too_deeply_is_refused(body):
    with pytest.raises(NotStrictJson):
        read_members(body)


def test_many_small_arrays_and_objects_are_no_depth():
    [member] = read_members(b'{"a":[' + b",".join([b"[{}]"] * 999) + b"]}")

    assert len(member.value) == 999


@pytest.mark.parametrize(
    "body",
    [
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
def test_a_hostile_body_takes_no_longer_than_its_size_explains(body):
    started = process_time()
    with pytest.raises(NotStrictJson):
        read_members(body)

    # Seconds, where some hundredths are usual: what grows with the square takes minutes.
    assert process_time() - started < 20


def test_a_repeated_name_is_the_callers_to_judge():
    members = read_members(rb'{"a":1,"b":2,"\u0061":3}')

    assert [(member.name, member.value) for member in members] == [
        ("a", "1"),
        ("b", "2"),
        ("a", "3"),
    ]


def test_a_lone_surrogate_is_passed_on_as_it_was_spelled():
    [member] = read_members(rb'{"\ud800":"\udfff"}')

    assert member.text == r'"\ud800":"\udfff"'
    assert (member.name, member.value) == ("\ud800", "\udfff")


@pytest.mark.parametrize("digits", ["9" * 5000, "0." + "1" * 5000, "1E999999", "-0", "1.0"])
def test_numbers_that_python_would_bend_or_refuse_come_through(digits):
    [member] = read_members(f'{{"n":{digits}}}'.encode())

    assert (member.value, member.text) == (digits, f'"n":{digits}')


def test_the_error_tells_nothing_of_the_body():
    with pytest.raises(NotStrictJson) as error:
        read_members(b'{"refresh_token":"AQhidden"')

    assert "hidden" not in str(error.value)


@given(strategies.json_texts(), st.text(min_size=1), st.data())
def test_no_string_in_a_value_is_overlooked(text, hidden, data):
    wrapped = text
    for kind in data.draw(st.lists(st.sampled_from(("name", "value", "item")), max_size=5)):
        wrapped = {
            "name": f"{{{strategies.escaped(hidden)}:{wrapped}}}",
            "value": f'{{"x":{strategies.escaped(hidden)},"y":{wrapped}}}',
            "item": f"[{wrapped},{strategies.escaped(hidden)}]",
        }[kind]
    [member] = read_members(f'{{"a":[{wrapped},{json.dumps(hidden)}]}}'.encode())

    found = list(strings_in(member.value))

    assert hidden in found
    assert sorted(found) == sorted(strings_of(member.value))


def strings_of(value):
    if isinstance(value, dict):
        return [s for name, inner in value.items() for s in (name, *strings_of(inner))]
    if isinstance(value, list):
        return [s for inner in value for s in strings_of(inner)]
    return [value] if isinstance(value, str) else []
