"""Nobody gets another address by what they write into a header themselves."""

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic.compat import Header

from sanic_swap.client_address import AddressHeader, network_of

PEER = "10.0.0.9"
ONE, OTHER, SPOOF = "203.0.113.7", "198.51.100.2", "192.0.2.66"
V6 = "2001:db8:1:2:3:4:5:6"
TEXTS = st.text(st.characters(min_codepoint=9, max_codepoint=255, exclude_characters="\r\n"))
ADDRESSES = st.ip_addresses().map(str)

# What one entry says, and which address that is; None: no address, so the peer's.
ENTRIES = [
    (ONE, ONE),
    ("0.0.0.0", "0.0.0.0"),
    ("255.255.255.255", "255.255.255.255"),
    ("10.1.2.3", "10.1.2.3"),
    ("127.0.0.1", "127.0.0.1"),
    (V6, V6),
    ("2001:DB8:1:2:3:4:5:6", V6),
    ("2001:0db8:0001:0002:0003:0004:0005:0006", V6),
    ("::1", "::1"),
    ("::", "::"),
    ("fe80::1", "fe80::1"),
    ("64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"),
    # The same IPv4 address, seen by a socket for both.
    ("::ffff:203.0.113.7", ONE),
    ("::FFFF:CB00:7107", ONE),
    ("[::ffff:203.0.113.7]", ONE),
    ("[::ffff:203.0.113.7]:443", ONE),
    # With a port, as Azure's gateways write it.
    ("203.0.113.7:5678", ONE),
    ("203.0.113.7:0", ONE),
    ("[::1]:443", "::1"),
    ("[::1]", "::1"),
    (f"[{V6}]:65535", V6),
    # Blanks around it belong to the header, not to the value.
    (f" {ONE}", ONE),
    (f"\t{ONE} \t", ONE),
    (f"  {V6}  ", V6),
    # Anything else is nobody's address.
    ("", None),
    (" ", None),
    ("unknown", None),
    ("_hidden", None),
    ("_SEVKISEK", None),
    ("-", None),
    ("null", None),
    ("localhost", None),
    ("client.example", None),
    ("unix:", None),
    ("203.0.113", None),
    ("203.0.113.7.8", None),
    ("203.0.113.256", None),
    ("203.0.113.-7", None),
    ("203.000.113.007", None),
    ("0xcb.0.113.7", None),
    ("3405803783", None),
    ("203.0.113.7/32", None),
    ("203.0.113.7:", None),
    ("203.0.113.7:123456", None),
    ("203.0.113.7:http", None),
    ("203.0.113.7:80:80", None),
    ("203.0.113.7 80", None),
    ("203. 0.113.7", None),
    ("203.0.113.7;", None),
    ('"203.0.113.7"', None),
    ('"[2001:db8::1]:443"', None),
    ("for=203.0.113.7", None),
    ("http://203.0.113.7", None),
    ("user@203.0.113.7", None),
    ("203.0.113.7\x00", None),
    ("203.0.113.7\xa0", None),
    ("\u0662\u0660\u0663.0.113.7", None),
    ("\uff12\uff10\uff13.0.113.7", None),
    ("fe80::1%eth0", None),
    ("[fe80::1%eth0]:443", None),
    ("fe80::1%<script>", None),
    ("<script>alert(1)</script>", None),
    ("[203.0.113.7]", ONE),
    ("[::1", None),
    ("::1]", None),
    ("[]", None),
    ("[]:80", None),
    ("[::1]443", None),
    ("2001:db8::1::2", None),
    ("2001:db8:::1", None),
    ("2001:db8::12345", None),
    ("1:2:3:4:5:6:7:8:9", None),
    (":", None),
    (".", None),
    ("." * 10_000, None),
    (":" * 10_000, None),
    ("1" * 10_000, None),
    ("x" * 10_000, None),
    ("203.0.113.7" + " " * 10_000, ONE),
]


def headers(*lines, name="X-Forwarded-For"):
    return Header([(name, line) for line in lines])


def ids(rows):
    return [f"{str(row[0])[:40]!r}" for row in rows]


@pytest.mark.parametrize(("entry", "address"), ENTRIES, ids=ids(ENTRIES))
def test_a_header_of_one_address_is_believed_only_if_it_is_one(entry, address):
    header = AddressHeader("Fly-Client-IP")

    told = header.client_of(PEER, headers(entry, name="fly-client-ip"))

    assert told == (address or PEER)


@pytest.mark.parametrize(("entry", "address"), ENTRIES, ids=ids(ENTRIES))
def test_the_last_entry_of_a_list_is_believed_only_if_it_is_an_address(entry, address):
    header = AddressHeader("X-Forwarded-For", 1)

    assert header.client_of(PEER, headers(f"{SPOOF},{entry}")) == (address or PEER)


# (which entry from the right; the lines; the address)
LISTS = [
    pytest.param(1, [ONE], ONE, id="one entry"),
    pytest.param(1, [], PEER, id="no header"),
    pytest.param(1, [""], PEER, id="an empty one"),
    pytest.param(1, [","], PEER, id="a comma alone"),
    pytest.param(1, [f"{SPOOF}, {ONE}"], ONE, id="an invented one before it"),
    pytest.param(1, [f"{SPOOF},{SPOOF},{SPOOF},{ONE}"], ONE, id="many invented ones"),
    pytest.param(1, [SPOOF, ONE], ONE, id="an invented line before it"),
    pytest.param(1, [f"{SPOOF}, {OTHER}", ONE], ONE, id="an invented list before it"),
    pytest.param(1, [f"{SPOOF}, {ONE}", ""], PEER, id="an empty last line"),
    pytest.param(1, [f"{ONE},"], PEER, id="an empty last entry"),
    pytest.param(1, [f"{SPOOF}, unknown"], PEER, id="a proxy that knows nothing"),
    pytest.param(1, ["x" * 10_000 + f", {ONE}"], ONE, id="10 kB before it"),
    pytest.param(1, ["," * 10_000 + ONE], ONE, id="10 000 commas before it"),
    pytest.param(1, [f'"{SPOOF}, {ONE}'], ONE, id="an open quote before it"),
    pytest.param(2, [f"{ONE}, {OTHER}"], ONE, id="two proxies"),
    pytest.param(2, [f"{SPOOF}, {ONE}, {OTHER}"], ONE, id="two proxies, and an invented one"),
    pytest.param(2, [ONE, OTHER], ONE, id="two proxies with a line each"),
    pytest.param(2, [SPOOF, f"{ONE},{OTHER}"], ONE, id="two proxies after an invented line"),
    pytest.param(2, [ONE], PEER, id="one proxy passed by"),
    pytest.param(2, [f"unknown, {OTHER}"], PEER, id="the first of two knows nothing"),
    pytest.param(2, [f"{SPOOF},,{OTHER}"], PEER, id="an empty entry keeps its place"),
    pytest.param(3, [f"{SPOOF}, {ONE}, {OTHER}, {OTHER}"], ONE, id="three proxies"),
    pytest.param(100, [f"{ONE}, {OTHER}"], PEER, id="more proxies than entries"),
]


@pytest.mark.parametrize(("place", "lines", "address"), LISTS)
def test_an_entry_is_found_from_the_right_over_all_lines(place, lines, address):
    assert AddressHeader("X-Forwarded-For", place).client_of(PEER, headers(*lines)) == address


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="missing"),
        pytest.param([ONE, ONE], id="twice the same"),
        pytest.param([SPOOF, ONE], id="two different"),
        pytest.param([f"{SPOOF}, {ONE}"], id="a list"),
        pytest.param([f"{ONE},"], id="a comma behind it"),
    ],
)
def test_a_header_of_one_address_that_is_doubled_is_not_believed(lines):
    told = headers(*lines, name="Fly-Client-IP")

    assert AddressHeader("Fly-Client-IP").client_of(PEER, told) == PEER


def test_no_other_header_is_looked_at():
    told = Header([(name, SPOOF) for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded")])

    assert AddressHeader("Fly-Client-IP").client_of(PEER, told) == PEER
    assert (
        AddressHeader("Fly_Client_IP").client_of(PEER, headers(ONE, name="Fly-Client-IP")) == PEER
    )


@given(st.lists(TEXTS), ADDRESSES)
def test_nothing_that_a_client_writes_changes_what_the_proxy_added(invented, address):
    header = AddressHeader("X-Forwarded-For", 1)
    honest = header.client_of(PEER, headers(address))

    assert header.client_of(PEER, headers(*invented, address)) == honest
    assert header.client_of(PEER, headers(",".join([*invented, address]))) == honest


@given(st.lists(TEXTS, max_size=4), st.none() | st.integers(1, 5))
def test_whatever_stands_there_the_result_is_an_address(lines, place):
    told = AddressHeader("X-Forwarded-For", place).client_of(PEER, headers(*lines))

    assert str(ip_address(told)) == told
    assert "%" not in told


@given(st.ip_addresses(v=6))
def test_all_of_a_64_network_counts_as_one(address):
    first = IPv6Address(int(address) >> 64 << 64)
    last = IPv6Address(int(first) | (1 << 64) - 1)

    if int(address) >> 64 != 0:  # where mapped IPv4 addresses live
        assert network_of(str(address)) == network_of(str(first)) == network_of(str(last))
        assert network_of(str(last + 1)) != network_of(str(address))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (ONE, ONE),
        (V6, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", ONE),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("/run/swap.sock", "/run/swap.sock"),
    ],
)
def test_a_network_is_named_as_it_is_counted(address, network):
    assert network_of(address) == network
