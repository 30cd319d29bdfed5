"""Nobody gets another address by what they write into a header themselves."""

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.client_address import AddressHeader, network_of

ONE, OTHER, SPOOF = "203.0.113.7", "198.51.100.2", "192.0.2.66"
V6 = "2001:db8:1:2:3:4:5:6"
TEXTS = st.text(st.characters(min_codepoint=9, max_codepoint=255, exclude_characters="\r\n"))

# What one entry says, and which address that is.
ENTRIES = [
    (ONE, ONE),
    ("0.0.0.0", "0.0.0.0"),
    ("255.255.255.255", "255.255.255.255"),
    (V6, V6),
    ("2001:0DB8:0001:0002:0003:0004:0005:0006", V6),
    ("::1", "::1"),
    ("::", "::"),
    ("fe80::1", "fe80::1"),
    ("64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"),
    # The same IPv4 address, seen by a socket for both.
    ("::ffff:203.0.113.7", ONE),
    ("::FFFF:CB00:7107", ONE),
    ("[::ffff:203.0.113.7]:443", ONE),
    # With a port, as Azure's gateways write it.
    ("203.0.113.7:5678", ONE),
    ("203.0.113.7:0", ONE),
    ("[203.0.113.7]", ONE),
    ("[::1]", "::1"),
    (f"[{V6}]:65535", V6),
    # Blanks around it belong to the header, not to the value.
    (f"\t{ONE} \t", ONE),
    (f"  {V6}  ", V6),
    ("203.0.113.7" + " " * 10_000, ONE),
]
NO_ADDRESSES = [
    *("", " ", "unknown", "_hidden", "-", "null", "localhost", "client.example", "unix:"),
    *("203.0.113", "203.0.113.7.8", "203.0.113.256", "203.0.113.-7", "203.000.113.007"),
    *("0xcb.0.113.7", "3405803783", "203.0.113.7/32", "203.0.113.7:", "203.0.113.7:123456"),
    *("203.0.113.7:http", "203.0.113.7:80:80", "203.0.113.7 80", "203. 0.113.7", "203.0.113.7;"),
    *('"203.0.113.7"', '"[2001:db8::1]:443"', "for=203.0.113.7", "http://203.0.113.7"),
    *("user@203.0.113.7", "203.0.113.7\x00", "203.0.113.7\xa0", "\u0662\u0660\u0663.0.113.7"),
    *("fe80::1%eth0", "[fe80::1%eth0]:443", "fe80::1%<script>", "<script>alert(1)</script>"),
    *("[::1", "::1]", "[]", "[]:80", "[::1]443", "2001:db8::1::2", "2001:db8:::1", ":", "."),
    *("2001:db8::12345", "1:2:3:4:5:6:7:8:9"),
    *(character * 10_000 for character in ".:1x"),
]


@pytest.mark.parametrize(
    ("entry", "address"), [*ENTRIES, *((entry, None) for entry in NO_ADDRESSES)]
)
def test_an_entry_is_believed_only_if_it_is_an_address(entry, address):
    assert AddressHeader("Fly-Client-IP").client_in([entry]) == address
    assert AddressHeader("X-Forwarded-For", 1).client_in([f"{SPOOF},{entry}"]) == address


# (which entry from the right, None for a header of one address; the lines; the address)
LISTS = [
    pytest.param(1, [ONE], ONE, id="one entry"),
    pytest.param(1, [], None, id="no header"),
    pytest.param(1, [","], None, id="a comma alone"),
    pytest.param(1, [f"{SPOOF},{SPOOF},{SPOOF},{ONE}"], ONE, id="many invented ones"),
    pytest.param(1, [f"{SPOOF}, {OTHER}", ONE], ONE, id="an invented list before it"),
    pytest.param(1, [f"{SPOOF}, {ONE}", ""], None, id="an empty last line"),
    pytest.param(1, [f"{ONE},"], None, id="an empty last entry"),
    pytest.param(1, ["," * 10_000 + ONE], ONE, id="10 000 commas before it"),
    pytest.param(1, [f'"{SPOOF}, {ONE}'], ONE, id="an open quote before it"),
    pytest.param(2, [f"{SPOOF}, {ONE}, {OTHER}"], ONE, id="two proxies, and an invented one"),
    pytest.param(2, [ONE, OTHER], ONE, id="two proxies with a line each"),
    pytest.param(2, [SPOOF, f"{ONE},{OTHER}"], ONE, id="two proxies after an invented line"),
    pytest.param(2, [ONE], None, id="one proxy passed by"),
    pytest.param(2, [f"unknown, {OTHER}"], None, id="the first of two knows nothing"),
    pytest.param(2, [f"{SPOOF},,{OTHER}"], None, id="an empty entry keeps its place"),
    pytest.param(3, [f"{SPOOF}, {ONE}, {OTHER}, {OTHER}"], ONE, id="three proxies"),
    pytest.param(100, [f"{ONE}, {OTHER}"], None, id="more proxies than entries"),
    pytest.param(None, [], None, id="no header of one address"),
    pytest.param(None, [ONE, ONE], None, id="twice the same address"),
    pytest.param(None, [f"{SPOOF}, {ONE}"], None, id="a list where one address belongs"),
    pytest.param(None, [f"{ONE},"], None, id="a comma behind one address"),
]


@pytest.mark.parametrize(("place", "lines", "address"), LISTS)
def test_an_entry_is_found_from_the_right_over_all_lines(place, lines, address):
    assert AddressHeader("X-Forwarded-For", place).client_in(lines) == address


@given(st.lists(TEXTS), st.ip_addresses().map(str))
def test_nothing_that_a_client_writes_changes_what_the_proxy_added(invented, address):
    header = AddressHeader("X-Forwarded-For", 1)
    honest = header.client_in([address])

    assert honest is not None
    assert header.client_in([*invented, address]) == honest
    assert header.client_in([",".join([*invented, address])]) == honest


@given(st.lists(TEXTS, max_size=4), st.none() | st.integers(1, 5))
def test_whatever_stands_there_the_result_is_an_address_or_none(lines, place):
    told = AddressHeader("X-Forwarded-For", place).client_in(lines)

    assert told is None or (str(ip_address(told)) == told and "%" not in told)


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
