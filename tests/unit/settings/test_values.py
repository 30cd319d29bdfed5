"""Each reader of a setting: what it takes, what it refuses, and that it repeats nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanic_swap.sealing.keys import root_key
from sanic_swap.secret import Secret
from sanic_swap.settings import urls, values
from sanic_swap.settings.urls import AccountsUrl
from sanic_swap.swap.limits import Rate
from tests import strategies

KEY = "1" * 64
SPOTIFY = "https://accounts.spotify.com"
MADE_FROM_KEY = root_key(KEY)

GOOD = [
    (values.visible_text, {"~visible!": "~visible!"}),
    (values.secret, {"~visible!": Secret("~visible!")}),
    (values.client_id, {"961392984a198dadab432ab5b9688056": "961392984a198dadab432ab5b9688056",
        "x" * 1000: "x" * 1000}),
    (urls.callback_urls, {
        "app://cb": ("app://cb",), " app://cb , https://x/y?z ,": ("app://cb", "https://x/y?z"),
        "com.example.app:/cb,http://[::1]/cb": ("com.example.app:/cb", "http://[::1]/cb"),
    }),
    (values.key_ids, {"E0VmQeUw, fP9MW0JI,E0VmQeUw": ("E0VmQeUw", "fP9MW0JI"),
        "a-b_c-d_": ("a-b_c-d_",)}),
    (values.comma_separated, {" a ,, b c ,": ("a", "b c"), " ,": ()}),
    (values.header_name, {"Fly-Client-IP": "Fly-Client-IP", "x_real_ip": "x_real_ip"}),
    (values.address, {"[::]": "::", "::1": "::1", "0.0.0.0": "0.0.0.0"}),
    (values.seconds, {"8": 8.0, "0.5": 0.5, ".5": 0.5, "8.": 8.0, "3600": 3600.0}),
    (values.seconds_or_zero, {"0": 0.0, "2.5": 2.5}),
    (values.lifetime, {"180d": 15_552_000, "90s": 90, "5m": 300, "36h": 129_600,
        "26w": 15_724_800, "off": None, "OFF": None}),
    (values.moment, {
        "1970-01-01T00:00:01Z": 1, "2026-11-23T15:49:00Z": 1_795_448_940,
        "2026-11-23T15:49:00+00:00": 1_795_448_940, "2026-11-23T16:49:00+01:00": 1_795_448_940,
        "2026-11-23T15:49:00": 1_795_448_940, "2026-11-23 15:49": 1_795_448_940,
        "2026-11-23": 1_795_392_000, "2026-11-23T15:48:59.001Z": 1_795_448_940,
        "9999-12-31T23:59:59Z": 253_402_300_799,
    }),
    (values.end_of_day, {"2026-11-23": 1_795_478_400, "20261231": 1_798_761_600,
        "9999-12-31": 253_402_300_800}),
    (values.legacy_tokens, {"Node, ruby,fernet,plain": ("node", "ruby", "fernet", "plain"),
        "none": ("none",)}),
    (values.switch, {"on": True, "ON": True, "1": True, "off": False, "Off": False, "no": False}),
    (values.not_off, {"off": False, "OFF": False, "on": True, "combined": True, "0": True}),
    (values.one_of("hold", "reject"), {"hold": "hold", "Reject": "reject"}),
    (values.whole_number(0, 65_535), {"0": 0, "65535": 65_535, "08": 8}),
    (values.rates, {
        "60/minute": (Rate(60, 60),), "60 per minute": (Rate(60, 60),), "2/second": (Rate(1, 2),),
        "100/10minutes": (Rate(600, 100),), "100 PER 10 Minutes": (Rate(600, 100),),
        "1/day|2/month": (Rate(86_400, 1), Rate(2_592_000, 2)),
        "3/year;4 per 2 days": (Rate(31_104_000, 3), Rate(172_800, 4)),
        "1000/hour, 60/minute": (Rate(3600, 1000), Rate(60, 60)), " OFF ": (),
    }),
    (urls.origins, {
        "https://app.example": ("https://app.example",), "*": ("*",), "NULL": ("null",),
        "https://a, http://localhost:5173": ("https://a", "http://localhost:5173"),
        "capacitor://localhost,x.y://z": ("capacitor://localhost", "x.y://z"),
        "chrome-extension://abcdef": ("chrome-extension://abcdef",),
        "https://App.Example/": ("https://app.example",),
        "HTTPS://a.example:443,http://a:0080": ("https://a.example", "http://a"),
        "https://*.Example.com:8443": ("https://*.example.com:8443",),
        "http://localhost:*,https://a:65535": ("http://localhost:*", "https://a:65535"),
        "http://[::0:1]:3000, http://[::1]:*": ("http://[::1]:3000", "http://[::1]:*"),
    }),
    (urls.store_url, {
        **{url: Secret(url) for url in (
            "redis://127.0.0.1", "redis://user:hush@redis.example:6380/2", "rediss://redis.example",
            "rediss://h?ssl_cert_reqs=none", f"rediss://h/1?ssl_ca_certs={__file__}",
            "unix:///run/redis.sock", "unix:///run/redis.sock?db=3")},
        "valkey://redis.example:6380/2": Secret("redis://redis.example:6380/2"),
        "valkeys://u:valkey@valkey.example": Secret("rediss://u:valkey@valkey.example"),
    }),
    (urls.accounts_url, {  # URL, origin, and whether nobody on the way can read along
        **dict.fromkeys((SPOTIFY, f"{SPOTIFY}/", f"{SPOTIFY}:443", f"{SPOTIFY}:0443", f"{SPOTIFY}:",
            "HTTPS://Accounts.Spotify.COM"), AccountsUrl(SPOTIFY, SPOTIFY, True)),
        "https://a.b:8443/S/": AccountsUrl("https://a.b:8443/S", "https://a.b:8443", True),
        "http://127.0.0.1:80": AccountsUrl("http://127.0.0.1", "http://127.0.0.1", True),
        "http://[::1]:8090/": AccountsUrl("http://[::1]:8090", "http://[::1]:8090", True),
        "http://LocalHost": AccountsUrl("http://localhost", "http://localhost", True),
        **{url: AccountsUrl(url, url, True) for url in (
            "https://proxy.example:80", "http://127.0.0.1:8090", "http://127.1.2.3")},
        **{url: AccountsUrl(url, url, False) for url in (
            "http://fake:8090", "http://128.0.0.1", "http://0.0.0.0:8090", "http://[::2]",
            "http://127.0.0.1.evil.example", "http://localhost.evil.example",
            "http://[::ffff:127.0.0.1]")},
    }),
]  # fmt: skip

BAD = [
    (values.visible_text, ["", " ", "a b", "a\n", "é", "a\0", "\t", "\x7f"]),
    (values.client_id, ["", "a:b", ":", "a b", "x" * 1001, "é"]),
    (values.secret, ["", "a b", "a\n", " a", "é"]),
    (urls.callback_urls, [
        "", " , ", "callback", "/callback", "//x/cb", "app://c#b", "app://a b", "://x", "1app://x",
        "https://x/é", "app:", "app://x,callback",
    ]),
    (values.sealing_secret, ["", "short", "x" * 15]),
    (values.key_ids, ["short", "E0VmQeUw1", "E0VmQeU+", "E0VmQeUw fP9MW0JI", "E0VmQeUw;fP9MW0JI"]),
    (urls.origins, [
        "https://a//", "https://a/path", "app.example", "https://", "https://a?b", "https://u@a",
        "https://a b", "https://a#b", "**", "https://é", "NULL,x", "https://*", "https://*a.example",
        "https://a.*.example", "https://a:65536", "http://127.1", "http://[::g]", "http://a:**",
        "*.example.com", "http*://a", "http://a:",
    ]),
    (values.seconds, [
        "", "0", "0.0", "-1", "1e3", "inf", "nan", "8s", "1.2.3", ".", "3600.1", "٣", " 8", "8\n",
        "1_0", "9" * 400,
    ]),
    (values.seconds_or_zero, ["", "-0", "-1", "three", "3601"]),
    (values.lifetime, [
        "", "0d", "180", "180 d", "d", "-1d", "1y", "1.5d", "180D", "on", "9" * 10 + "d", "1d\n",
        "٣d",
    ]),
    (values.moment, [
        "", "yesterday", "2026-13-01", "2026-11-23T25:00:00Z", "1795448940", "1970-01-01",
        "1969-12-31", "0001-01-01T00:00:00+23:59", "2026-11-23T15:49:00Q", "9999-12-31T23:59:59.9",
        "9999-12-31T23:59-23:00",
    ]),
    (values.end_of_day, ["tomorrow", "2026-02-30", "2026-11-23T12:00:00Z", "23.11.2026"]),
    (values.legacy_secrets, ["", " \n\r\n"]),
    (values.header_name, [
        "", " ", "X Real IP", "X-Real-IP:", "X-Real-IP\n", "Forwarded", "x" * 101, "é",
    ]),
    (urls.accounts_url, [
        "", "accounts.spotify.com", "//accounts.spotify.com", "ftp://accounts.spotify.com",
        "https://", "https:///api", "https://:443", "https://user@accounts.spotify.com",
        "https://u:p@x.example", "https://@x.example", "https://x.example?",
        "https://x.example/?a=b", "https://x.example/#",
        "https://x.example#frag", "https://x.example:0", "https://x.example:65536",
        "https://x.example:port", "https://x.example:-1", "https://[::1", "https://::1]",
        "https://x .example", "https://x.example\n", "https://x.example\\@evil.example",
        "https://x.example\\evil", "https://é.example", "file:///etc/passwd",
    ]),
    (urls.store_url, [
        "redis://", "redis:///1", "redis://h:x", "redis://h:0", "redis://h/one",
        "redis://h?socket_timeout=9", "redis://h#x", "unix://", "unix:///", "redis://h?x",
        "redis://h?ssl_cert_reqs=none", "rediss://h?ssl_cert_reqs=optional", "valkeyss://h",
        "rediss://h?ssl_ca_certs=/dev/null&ssl_check_hostname=false", "unix:///a?ssl_ca_certs=/b",
        "unix:///run/redis.sock?ssl=1", "http://h", "h:6379", "rediss://h?ssl_ca_certs=/nowhere",
    ]),
    (values.legacy_tokens, ["nonsense", "node,none", "none,node", "Spotify"]),
    (values.switch, ["", "maybe", "onn", "2", " on"]),
    (values.one_of("hold", "reject"), ["", "holds", "hold ", "hold,reject"]),
    (values.whole_number(1, 10), [
        "", "0", "11", "-1", "+1", "1.0", "1e0", "0x1", "1 ", "1\n", "٣", "1_0", "9" * 5000,
    ]),
    (values.rates, [
        "60", "minute", "60/", "/minute", "60/fortnight", "0/minute", "00/minute", "60/0minutes",
        "60/minute, 0/hour", "-1/minute", "1.5/minute", "60/minute,", ",60/minute", "60/minute x",
        "on", "٣/minute", "9" * 5000 + "/minute",
    ]),
]  # fmt: skip


def name_of(value):
    return ascii(value)[1:-1][:30] if isinstance(value, str) else getattr(value, "__name__", "")


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [(read, *row) for read, texts in GOOD for row in texts.items()],
    ids=name_of,
)
def test_a_good_value_is_read(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"), [(read, text) for read, texts in BAD for text in texts], ids=name_of
)
def test_a_bad_value_is_refused_without_being_repeated(read, text):
    with pytest.raises(ValueError, match=r"must|has|does not exist") as refused:
        read(text)

    assert len(text) < 12 or text not in str(refused.value)


def test_client_and_sealing_secrets_do_not_show_themselves():
    assert "hidden" not in repr(values.secret("hidden-secret"))
    assert KEY not in repr(values.sealing_secret(KEY))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(f"{KEY}\n{'2' * 64}", [KEY, "2" * 64], id="one a line, in order"),
        pytest.param(f"\n\n{KEY}\n\n", [KEY], id="empty lines"),
        pytest.param(f"{KEY}\r\n{'2' * 64}\r\n", [KEY, "2" * 64], id="line ends of Windows"),
        pytest.param("short", ["short"], id="a short one"),
        pytest.param(" short ", [" short "], id="blanks around are part of it"),
        pytest.param("a, b", ["a, b"], id="commas are part of it"),
        pytest.param("", [], id="nothing"),
        pytest.param(" \n\t\n", [], id="blank lines"),
        pytest.param("a\u2028b\x0cc", ["a\u2028b\x0cc"], id="other separators are part of it"),
    ],
)
def test_lists_of_secrets_have_one_a_line(text, lines):
    assert [secret.secret.reveal() for secret in values.opening_secrets(text)] == lines


def test_a_previous_secret_that_makes_no_key_is_kept_without_one():
    strong, short = values.opening_secrets(f"{KEY}\nshort")

    assert strong.key == MADE_FROM_KEY
    assert short.key is None


@given(st.integers(1, 32_503_680_000))
def test_every_moment_is_understood(unix_seconds):
    assert values.moment(datetime.fromtimestamp(unix_seconds, UTC).isoformat()) == unix_seconds


# Without those that may stretch a passphrase, which takes time.
READERS = [read for read, *_ in (*GOOD, *BAD) if read is not values.sealing_secret]


@given(st.sampled_from(READERS), st.text(max_size=40) | strategies.printable(40))
def test_whatever_an_operator_writes_is_read_or_refused_and_never_repeated(read, text):
    try:
        read(text)
    except ValueError as error:
        complaint = str(error)
    else:
        complaint = ""

    assert len(text) < 12 or text not in complaint


@pytest.mark.parametrize(
    ("url", "others"),
    [
        ("https://accounts.spotify.com", ()),
        ("https://proxy.example", (SPOTIFY,)),
        (
            "http://localhost:8090/x",
            (SPOTIFY, "http://127.0.0.1:8090", "http://[::1]:8090"),
        ),
        ("http://[::1]", (SPOTIFY, "http://127.0.0.1", "http://localhost")),
    ],
)
def test_origins_that_are_often_confused_with_one(url, others):
    assert urls.accounts_url(url).other_origins == others
