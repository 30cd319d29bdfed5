"""Bodies of token requests: forms and JSON objects, strictly read."""

from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import InvalidRequest, UnsupportedMediaType
from sanic_swap.web.token_requests import FORM, JSON, media_type, read_fields
from tests import strategies


def pairs(body, declared=FORM):
    return [(field.name, field.value) for field in read_fields(body, declared)]


@pytest.mark.parametrize(
    ("content_type", "read_as"),
    [
        pytest.param(FORM, FORM, id="a form"),
        pytest.param("APPLICATION/X-WWW-Form-Urlencoded", FORM, id="a form in another case"),
        pytest.param("application/x-www-form-urlencoded; charset=UTF-8", FORM, id="with charset"),
        pytest.param("application/x-www-form-urlencoded;charset=latin-1", FORM, id="any charset"),
        pytest.param("  application/x-www-form-urlencoded\t", FORM, id="blanks around"),
        pytest.param("application/json", JSON, id="JSON"),
        pytest.param("Application/JSON;charset=utf-8", JSON, id="JSON in another case"),
        pytest.param("text/plain", None, id="plain text"),
        pytest.param("Text/Plain;charset=UTF-8", None, id="plain text as fetch says it"),
        pytest.param("", None, id="empty"),
        pytest.param("  ", None, id="blank"),
        pytest.param("; charset=utf-8", None, id="a charset alone"),
    ],
)
def test_forms_json_and_unknown_types_are_told_apart(content_type, read_as):
    assert media_type([content_type], []) == read_as
    assert media_type([], []) is None


@pytest.mark.parametrize(
    ("body", "declared", "said"),
    [
        pytest.param(b' {"code": "x"}\n', FORM, "JSON, but labelled as a form", id="JSON"),
        pytest.param(b"code=x", JSON, "a form, but labelled as JSON", id="a form"),
        pytest.param(b'{"code": =}', JSON, "not a JSON object", id="broken JSON"),
    ],
)
def test_a_wrong_label_is_said(body, declared, said):
    with pytest.raises(InvalidRequest, match=said):
        read_fields(body, declared)


@pytest.mark.parametrize(
    "content_types",
    [
        ["multipart/form-data; boundary=x"],
        ["text/json"],
        ["text/plain2"],
        ["application/json2"],
        ["application/vnd.api+json"],
        ["application/jsonapplication/json"],
        ["application/octet-stream"],
        [f"{FORM}, {JSON}"],
        [JSON, FORM],
        ["nonsense"],
        ["application/ json"],
        ["*/*"],
    ],
)
def test_other_types_and_two_at_once_are_refused(content_types):
    with pytest.raises(UnsupportedMediaType):
        media_type(content_types, [])


@pytest.mark.parametrize("encoding", ["identity", "Identity", " identity ", ""])
def test_an_identity_encoding_is_none(encoding):
    assert media_type([JSON], [encoding]) == JSON


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "x", "zstd"])
def test_an_encoded_body_is_refused(encoding):
    with pytest.raises(UnsupportedMediaType):
        media_type([FORM], [encoding])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"a=1&b=2", [("a", "1"), ("b", "2")], id="two fields"),
        pytest.param(b"a=1&a=2", [("a", "1"), ("a", "2")], id="a repeated field"),
        pytest.param(b"&&a=1&&b=2&", [("a", "1"), ("b", "2")], id="empty pairs"),
        pytest.param(b"a", [("a", "")], id="no equals sign"),
        pytest.param(b"a=", [("a", "")], id="no value"),
        pytest.param(b"=1", [("", "1")], id="no name"),
        pytest.param(b"a=b=c", [("a", "b=c")], id="two equals signs"),
        pytest.param(b"a=b+c", [("a", "b c")], id="a plus is a blank"),
        pytest.param(b"a=b%2Bc", [("a", "b+c")], id="an escaped plus is a plus"),
        pytest.param(b"a=b%20c", [("a", "b c")], id="an escaped blank"),
        pytest.param(b"a=b c", [("a", "b c")], id="a bare blank"),
        pytest.param(b"a=%26%3d%3D", [("a", "&==")], id="escaped separators in any case"),
        pytest.param(b"%61+b=1", [("a b", "1")], id="an escaped name"),
        pytest.param(b"a=%2541", [("a", "%41")], id="an escaped percent sign, once"),
        pytest.param(b"a=%00", [("a", "\0")], id="an escaped NUL"),
        pytest.param("a=é".encode(), [("a", "é")], id="bare UTF-8"),
        pytest.param(b"a=%C3%A9", [("a", "é")], id="escaped UTF-8"),
        pytest.param(b"a=%F0%9F%8E%B5", [("a", "🎵")], id="beyond 16 bits"),
        pytest.param(b"a=1;b=2", [("a", "1;b=2")], id="a semicolon separates nothing"),
        pytest.param(b"a=1\r\n", [("a", "1\r\n")], id="a line end is part of the value"),
        pytest.param(b'{"a":1', [('{"a":1', "")], id="a brace in a declared form"),
    ],
)
def test_forms_are_read_field_by_field(body, fields):
    assert pairs(body) == fields


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"a=%", id="a percent sign alone"),
        pytest.param(b"a=%4", id="half an escape"),
        pytest.param(b"a=%4&b=1", id="half an escape before a separator"),
        pytest.param(b"a=%4g", id="half a hex"),
        pytest.param(b"a=% 41", id="a blank in an escape"),
        pytest.param(b"a=%+1", id="a plus in an escape"),
        pytest.param(b"a=%u0041", id="an escape of old browsers"),
        pytest.param(b"%=1", id="in a name"),
        pytest.param(b"x=%&code=AQ", id="in a field that does not matter"),
        pytest.param("a=%٣٣".encode(), id="digits outside ASCII"),
        pytest.param(b"a=\xe9", id="bare Latin-1"),
        pytest.param(b"a=%E9", id="escaped Latin-1"),
        pytest.param(b"a=%C3", id="half a character"),
        pytest.param(b"a=%C0%AF", id="an overlong slash"),
        pytest.param(b"a=%ED%A0%80", id="an escaped surrogate"),
        pytest.param(b"a=%F4%90%80%80", id="beyond Unicode"),
        pytest.param("a=1".encode("utf-16"), id="UTF-16"),
    ],
)
def test_broken_forms_are_refused(body):
    with pytest.raises(InvalidRequest):
        read_fields(body, FORM)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=20)), max_size=6))
def test_what_a_form_library_writes_is_read_back(fields):
    body = urlencode(fields).encode()

    assert pairs(body) == fields


@given(st.text(max_size=20))
def test_escaping_more_than_needed_changes_nothing(value):
    everything = "".join(f"%{byte:02x}" for byte in value.encode())

    assert pairs(f"a={everything}".encode()) == pairs(f"a={quote_plus(value)}".encode())


@given(strategies.json_objects(st.text(max_size=8), strategies.json_texts()))
def test_json_objects_are_read_field_by_field(text):
    expected = strategies.meaning(text)[1]

    fields = pairs(text.encode(), JSON)

    assert [name for name, _ in fields] == [name for name, _ in expected]
    assert [value for _, value in fields if type(value) is str] == [
        value for _, value in expected if isinstance(value, str)
    ]


def test_json_repeats_are_kept_for_the_rules_to_judge():
    assert pairs(b'{"code":"a","code":"b"}', JSON) == [("code", "a"), ("code", "b")]


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"code"', b'{"code":"hidden"', b'{"code":"\xe9"}']
)
def test_broken_json_is_refused_without_repeating_it(body):
    with pytest.raises(InvalidRequest) as error:
        read_fields(body, JSON)

    assert "hidden" not in error.value.description


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param(b'{"code":"a"}', [("code", "a")], id="a brace begins JSON"),
        pytest.param(b"code=a", [("code", "a")], id="everything else is a form"),
        pytest.param(b"", [], id="nothing is an empty form"),
        pytest.param(b'["code"]', [('["code"]', "")], id="an array is a form of one odd name"),
        pytest.param(b'code={"a":1}', [("code", '{"a":1}')], id="a brace later on"),
    ],
)
def test_without_a_declared_type_the_first_character_decides(body, fields):
    assert pairs(body, None) == fields


@pytest.mark.parametrize("body", [b"{", b"{code=a", b"{}{}"])
def test_what_begins_like_json_must_be_json(body):
    with pytest.raises(InvalidRequest):
        read_fields(body, None)


@pytest.mark.parametrize("declared", [FORM, JSON, None])
@pytest.mark.parametrize("body", [b"code=a", b'{"code":"a"}', b""])
def test_a_byte_order_mark_is_refused(declared, body):
    with pytest.raises(InvalidRequest):
        read_fields(b"\xef\xbb\xbf" + body, declared)


@given(st.binary(max_size=80), st.sampled_from([FORM, JSON, None]))
def test_whatever_comes_is_fields_or_one_refusal(body, declared):
    try:
        fields, told = read_fields(body, declared), ""
    except InvalidRequest as error:
        fields, told = [], error.description

    assert all(isinstance(field.name, str) for field in fields)
    assert told.isascii()
