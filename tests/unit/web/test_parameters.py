"""The six parameters of a token request: each rule, and the order of the checks."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.errors import InvalidRequest, OtherClient, RequestRefused, UnsupportedGrantType
from sanic_swap.swap.token_swap import RefreshRequest, SwapRequest
from sanic_swap.web.token_requests import (
    FORM,
    JSON,
    REFRESH,
    SWAP,
    Field,
    ParameterRules,
    read_fields,
)
from tests import strategies

CLIENT_ID = "961392984a198dadab432ab5b9688056"
DEFAULT, SECOND = "myapp://callback", "https://app.example/cb?from=spotify"
RULES = ParameterRules(CLIENT_ID, [DEFAULT, SECOND, "http://127.0.0.1/cb", "http://[::1]/cb"])
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
NOTHING_WORDS = ("(null)", "null", "undefined")


def read(grant_type, /, **fields):
    return RULES.read([Field(name, value) for name, value in fields.items()], grant_type)


def test_a_code_alone_makes_a_swap_with_the_first_callback():
    asked = read(SWAP, code="AQcode")

    assert isinstance(asked, SwapRequest)
    assert (asked.code.reveal(), asked.redirect_uri) == ("AQcode", DEFAULT)
    assert asked.code_verifier is None


def test_everything_that_a_swap_may_carry_is_taken():
    asked = read(
        SWAP,
        grant_type="authorization_code",
        client_id=CLIENT_ID,
        code="AQcode",
        redirect_uri=SECOND,
        code_verifier=VERIFIER,
    )

    assert (asked.code.reveal(), asked.redirect_uri) == ("AQcode", SECOND)
    assert asked.code_verifier.reveal() == VERIFIER


def test_a_refresh_token_makes_a_refresh():
    asked = read(REFRESH, refresh_token="s1.token", client_id=CLIENT_ID, grant_type=REFRESH)

    assert isinstance(asked, RefreshRequest)
    assert asked.refresh_token.reveal() == "s1.token"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        pytest.param({"code": "AQ"}, SwapRequest, id="none means a swap"),
        pytest.param({"code": "AQ", "grant_type": ""}, SwapRequest, id="an empty one too"),
        pytest.param({"code": "AQ", "grant_type": None}, SwapRequest, id="null too"),
        pytest.param({"code": "AQ", "grant_type": SWAP}, SwapRequest, id="authorization_code"),
        pytest.param(
            {"refresh_token": "x", "grant_type": REFRESH}, RefreshRequest, id="refresh_token"
        ),
    ],
)
def test_where_the_request_chooses_the_grant_type_decides(fields, kind):
    assert isinstance(read(None, **fields), kind)


@pytest.mark.parametrize(
    ("endpoint", "grant_type"),
    [
        pytest.param(SWAP, REFRESH, id="a refresh at the swap"),
        pytest.param(REFRESH, SWAP, id="a swap at the refresh"),
        pytest.param(None, "client_credentials", id="client credentials"),
        pytest.param(None, "password", id="password"),
        pytest.param(SWAP, "Authorization_Code", id="another case"),
        pytest.param(SWAP, "authorization code", id="a blank inside"),
    ],
)
def test_another_grant_type_is_unsupported(endpoint, grant_type):
    with pytest.raises(UnsupportedGrantType):
        read(endpoint, grant_type=grant_type, code="AQ", refresh_token="x")


@pytest.mark.parametrize("endpoint", [SWAP, REFRESH, None])
@pytest.mark.parametrize("client_id", ["other", CLIENT_ID.upper(), CLIENT_ID[:-1], "\ud800"])
def test_another_client_is_noticed_everywhere(endpoint, client_id):
    with pytest.raises(OtherClient):
        read(endpoint, client_id=client_id, code="AQ", refresh_token="x")


@pytest.mark.parametrize(
    ("endpoint", "fields", "is_held"),
    [
        pytest.param(REFRESH, {"refresh_token": "held"}, True, id="a refresh"),
        pytest.param(None, {"refresh_token": "held", "grant_type": REFRESH}, True, id="by choice"),
        pytest.param(REFRESH, {"refresh_token": "other"}, False, id="a token that is not held"),
        pytest.param(REFRESH, {}, False, id="no token"),
        pytest.param(SWAP, {"code": "AQ", "refresh_token": "held"}, False, id="a swap"),
        pytest.param(None, {"code": "AQ", "refresh_token": "held"}, False, id="a swap by default"),
        pytest.param(None, {"refresh_token": "held", "grant_type": 1}, False, id="no grant type"),
    ],
)
def test_a_token_that_is_held_is_held_whatever_client_id_comes_with_it(endpoint, fields, is_held):
    rules = ParameterRules(
        CLIENT_ID, [DEFAULT], lambda request: request.refresh_token.reveal() == "held"
    )
    sent = [Field(name, value) for name, value in {**fields, "client_id": "other"}.items()]

    if is_held:
        assert rules.read(sent, endpoint).refresh_token.reveal() == "held"
    else:
        with pytest.raises(OtherClient):
            rules.read(sent, endpoint)


@pytest.mark.parametrize(
    ("endpoint", "name"), [(SWAP, "code"), (None, "code"), (REFRESH, "refresh_token")]
)
@pytest.mark.parametrize(
    "values",
    [[], [""], [None], [" "], ["\r\n\t "]],
    ids=["none", "empty", "null", "blank", "lines"],
)
def test_a_required_parameter_that_is_empty_or_missing_is_named(endpoint, name, values):
    with pytest.raises(InvalidRequest, match=f"{name} is missing"):
        RULES.read([Field(name, value) for value in values], endpoint)


@pytest.mark.parametrize("name", ["client_id", "grant_type", "redirect_uri", "code_verifier"])
@pytest.mark.parametrize("value", ["", None, " \t\r\n"], ids=["empty", "null", "blanks"])
def test_an_optional_parameter_that_is_empty_counts_as_not_sent(name, value):
    assert read(SWAP, code="AQ", **{name: value}) == read(SWAP, code="AQ")


def complete(**changed):
    fields = {
        "client_id": CLIENT_ID,
        "grant_type": SWAP,
        "code": "AQcode",
        "redirect_uri": DEFAULT,
        "code_verifier": VERIFIER,
    }
    if "refresh_token" in changed:
        fields = {"client_id": CLIENT_ID, "grant_type": REFRESH, "refresh_token": "s1.x"}
    return fields | changed


SIX = ("client_id", "grant_type", "code", "redirect_uri", "code_verifier", "refresh_token")


@pytest.mark.parametrize("name", SIX)
@pytest.mark.parametrize(
    "value",
    [*NOTHING_WORDS, " null ", "\r\nundefined", 1, 0, -0.5, True, False, [], {}, ["x"]],
    ids=repr,
)
def test_a_null_that_became_a_word_and_what_is_no_string_are_refused_by_name(name, value):
    body = json.dumps(complete(**{name: value})).encode()

    with pytest.raises(InvalidRequest, match=f"{name} must (not )?be"):
        RULES.read(read_fields(body, JSON), None)


@pytest.mark.parametrize("name", SIX)
@pytest.mark.parametrize("second", ["the same", "another", ""])
def test_a_repeated_parameter_is_refused_by_name(name, second):
    fields = complete(**{name: "the same"})

    with pytest.raises(InvalidRequest, match=f"{name} must not be repeated"):
        RULES.read([*map(Field, fields, fields.values()), Field(name, second)], None)


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        (b"code=a&code=", FORM),
        (b"code=a&%63ode=a", FORM),
        (rb'{"code":"a","\u0063ode":"b"}', JSON),
        (b'{"code":null,"code":"a"}', JSON),
    ],
)
def test_the_code_cannot_be_repeated_in_any_spelling(body, declared):
    with pytest.raises(InvalidRequest, match="code must not be repeated"):
        RULES.read(read_fields(body, declared), SWAP)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"client_secret": "x"}, id="a client secret"),
        pytest.param({"scope": "user-read-private"}, id="a scope"),
        pytest.param({"state": None, "resource": 1, "x": ["y"]}, id="things of any type"),
        pytest.param({"scope": "null", "state": "undefined"}, id="words that mean nothing"),
        pytest.param({"Code": "x", "CODE": "y", " code": "z"}, id="names that are almost ours"),
        pytest.param({"": "x"}, id="no name"),
    ],
)
def test_everything_else_is_ignored(fields):
    assert read(SWAP, code="AQ", **fields) == read(SWAP, code="AQ")


def test_everything_else_is_ignored_any_number_of_times():
    fields = [Field("scope", 1), Field("code", "AQ"), Field("scope", "a"), Field("scope", "a")]

    assert RULES.read(fields, SWAP) == read(SWAP, code="AQ")


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        pytest.param("code", "A", True, id="one character"),
        pytest.param("code", "A" * 2048, True, id="the longest code"),
        pytest.param("code", "A" * 2049, False, id="one too many"),
        pytest.param("code", "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}", True, id="every kind of ASCII"),
        pytest.param("code", "a b", True, id="a blank inside"),
        pytest.param("code", "a\tb", False, id="a tab inside"),
        pytest.param("code", "a\nb", False, id="a newline inside"),
        pytest.param("code", "a\0b", False, id="a NUL"),
        pytest.param("code", "a\x7f", False, id="DEL"),
        pytest.param("code", "é", False, id="outside ASCII"),
        pytest.param("code", "\ud800", False, id="a lone surrogate"),
        pytest.param("code", "\u00a0A", False, id="a blank that is not stripped"),
        pytest.param("code", "\x0bA", False, id="a vertical tab is not stripped"),
        pytest.param("code_verifier", VERIFIER, True, id="the verifier of the RFC"),
        pytest.param("code_verifier", "a" * 42, False, id="42 characters"),
        pytest.param("code_verifier", "a" * 43, True, id="43 characters"),
        pytest.param("code_verifier", "a" * 128, True, id="128 characters"),
        pytest.param("code_verifier", "a" * 129, False, id="129 characters"),
        pytest.param("code_verifier", "-._~" * 11, True, id="marks that are allowed"),
        pytest.param("code_verifier", "+" * 43, False, id="a plus"),
        pytest.param("code_verifier", "a" * 43 + "=", False, id="padding"),
        pytest.param("code_verifier", "a " * 30, False, id="blanks inside a verifier"),
        pytest.param("code_verifier", "é" * 43, False, id="a verifier outside ASCII"),
        pytest.param("code_verifier", "٣" * 43, False, id="digits outside ASCII"),
        pytest.param("refresh_token", "s" * 4096, True, id="the longest sealed token"),
        pytest.param("refresh_token", "s" * 4097, False, id="a longer one"),
        pytest.param("refresh_token", "déjà vu", True, id="a refresh token of any text"),
    ],
)
def test_a_value_keeps_the_rule_of_its_parameter(name, value, good):
    endpoint = REFRESH if name == "refresh_token" else SWAP
    fields = {"code": "AQ", name: value}

    if good:
        assert getattr(read(endpoint, **fields), name).reveal() == value
    else:
        with pytest.raises(InvalidRequest, match=f"{name} must"):
            read(endpoint, **fields)


@given(strategies.printable(60), st.text(" \t\r\n", max_size=4), st.text(" \t\r\n", max_size=4))
def test_blanks_around_a_value_are_stripped(code, before, after):
    value = code.strip(" ")

    if value and value not in NOTHING_WORDS:
        assert read(SWAP, code=before + code + after).code.reveal() == value


@pytest.mark.parametrize("name", ["client_id", "grant_type", "redirect_uri", "code_verifier"])
def test_blanks_around_an_optional_value_are_stripped_too(name):
    fields = complete()

    assert read(None, **fields | {name: f" \t{fields[name]}\r\n"}) == read(None, **fields)


def test_a_refresh_token_is_also_kept_as_it_was_sent():
    value = "+" * 4096  # its length is judged without the blanks around
    asked = read(REFRESH, refresh_token=f" {value}\n")

    assert (asked.refresh_token.reveal(), asked.as_sent.reveal()) == (value, f" {value}\n")


@pytest.mark.parametrize(
    ("registered", "fit", "do_not"),
    [
        (
            "https://app.example/cb",
            ["https://app.example/cb"],
            [
                *("https://app.example/cb/", "https://app.example/CB", "https://APP.example/cb"),
                *("https://app.example:443/cb", "https://app.example/cb?x=1"),
            ],
        ),
        ("myapp://cb", ["myapp://cb"], ["myapp:/cb"]),
        (
            "http://127.0.0.1/cb",
            ["http://127.0.0.1/cb", "http://127.0.0.1:8080/cb", "http://127.0.0.1:65535/cb"],
            [
                *(
                    "http://127.0.0.1:/cb",
                    "http://127.0.0.1:8080/cb/",
                    "http://127.0.0.1:80/cb?x=1",
                ),
                *("http://127.0.0.1:8080x/cb", "http://127.0.0.1:٣٣/cb"),
                *("http://127.0.0.1:123456/cb", "http://127.0.0.1.evil.example/cb"),
                *("http://127.0.0.1:80@evil.example/cb", "https://127.0.0.1:8080/cb"),
                *("http://127.0.0.2:8080/cb", "http://127x0x0x1:80/cb"),
            ],
        ),
        ("http://127.0.0.1/c.b", ["http://127.0.0.1:8080/c.b"], ["http://127.0.0.1:8080/cxb"]),
        ("http://127.0.0.1/", ["http://127.0.0.1:8080/"], ["http://127.0.0.1:8080"]),
        ("http://127.0.0.10/cb", ["http://127.0.0.10/cb"], ["http://127.0.0.1:800/cb"]),
        ("http://127.0.0.1/cb?a=b", ["http://127.0.0.1:8080/cb?a=b"], ["http://127.0.0.1:80/cb"]),
        ("http://[::1]/cb", ["http://[::1]:8080/cb"], ["http://[::2]:8080/cb"]),
        ("http://127.0.0.1:8080/cb", ["http://127.0.0.1:8080/cb"], ["http://127.0.0.1:8081/cb"]),
        ("http://localhost/cb", [], ["http://localhost:8080/cb"]),
        ("https://127.0.0.1/cb", [], ["https://127.0.0.1:8080/cb"]),
    ],
)
def test_a_redirect_uri_is_compared_character_for_character_but_for_loopback_ports(
    registered, fit, do_not
):
    rules, accepted = ParameterRules(CLIENT_ID, [registered]), []
    for uri in [*fit, *do_not]:
        with suppress(InvalidRequest):
            request = rules.read([Field("code", "AQ"), Field("redirect_uri", uri)], SWAP)
            accepted.append(request.redirect_uri)

    assert accepted == fit


WRONG_CLIENT = [({"client_id": 7}, InvalidRequest), ({"client_id": "other"}, OtherClient)]
WRONG_TYPE = [({"grant_type": 7}, InvalidRequest), ({"grant_type": "x"}, UnsupportedGrantType)]
WRONG_REST = [{"code": "é"}, {"redirect_uri": "evil://cb"}, {"code_verifier": "short"}]


@pytest.mark.parametrize(
    ("earlier", "error", "later"),
    [
        *((wrong, error, later) for wrong, error in WRONG_CLIENT for later, _ in WRONG_TYPE),
        *(
            (wrong, error, later)
            for wrong, error in WRONG_CLIENT + WRONG_TYPE
            for later in WRONG_REST
        ),
    ],
)
def test_client_and_grant_type_are_judged_in_this_order_before_the_rest(earlier, error, later):
    with pytest.raises(error, match=next(iter(earlier))):
        read(SWAP, **complete(**(later | earlier)))


@given(
    st.lists(
        st.tuples(
            st.sampled_from((*SIX, "scope")),
            st.none() | st.booleans() | st.text(max_size=50) | st.lists(st.text(max_size=3)),
        ),
        max_size=5,
    ),
    st.sampled_from([SWAP, REFRESH, None]),
)
def test_whatever_is_asked_is_a_request_or_a_refusal_that_repeats_nothing(fields, grant_type):
    try:
        asked = RULES.read([Field(name, value) for name, value in fields], grant_type)
    except RequestRefused as error:
        asked = None
        told = error.description
    else:
        told = ""

    assert asked is None or isinstance(asked, SwapRequest | RefreshRequest)
    for _, value in fields:
        long_enough = isinstance(value, str) and len(value) > 30
        assert not (long_enough and value in told)


def test_requests_do_not_show_what_they_carry():
    shown = repr(read(SWAP, code="hidden-code", code_verifier="hidden-" + VERIFIER))
    shown += repr(read(REFRESH, refresh_token="hidden-token"))

    assert "hidden" not in shown
