"""Hypothesis strategies that several tests share: keys, refresh tokens, JSON as text."""

import json
from typing import Any

from hypothesis import strategies as st

from sanic_swap.sealing.keys import RootKey, root_key

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

# What JSON allows for a number and Python's own numbers would not give back as it was.
ODD_NUMBERS = ("1E400", "-1e-400", "1.0", "-0", "-0.0", "0e0", "1e+05", "9" * 400, "0.10", "1E2")


def printable(longest: int) -> st.SearchStrategy[str]:
    """Texts of printable ASCII, at least one character long."""
    return st.text(PRINTABLE, min_size=1, max_size=longest)


def refresh_tokens() -> st.SearchStrategy[str]:
    """Everything that counts as Spotify's refresh token: short ones, real ones, the longest."""
    lengths = st.integers(1, 2925) | st.just(2925)
    repeated = st.builds(lambda piece, n: (piece * n)[:n], printable(5), lengths)
    return printable(60) | realistic_tokens() | repeated


def realistic_tokens() -> st.SearchStrategy[str]:
    """Tokens as Spotify makes them: `AQ` and base64url, long enough to occur nowhere by chance."""
    return st.text(BASE64URL, min_size=38, max_size=200).map(lambda rest: "AQ" + rest)


def root_keys() -> st.SearchStrategy[RootKey]:
    """Root keys of 32 random bytes."""
    return st.binary(min_size=32, max_size=32).map(lambda root: root_key(root.hex()))


def unix_seconds() -> st.SearchStrategy[int]:
    """Moments, up to the last one that 64 bits hold."""
    return st.integers(1, 4_000_000_000) | st.integers(1, 2**64 - 1)


def json_blanks() -> st.SearchStrategy[str]:
    """What may stand between the parts of a JSON text."""
    return st.text(" \t\r\n", max_size=2)


@st.composite
def json_strings(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """JSON strings for *texts*: as they are, or escaped where JSON does not ask for it."""
    text = draw(texts)
    match draw(st.sampled_from(("ascii", "unicode", "escaped"))):
        case "ascii":
            return json.dumps(text)
        case "unicode":
            return json.dumps(text, ensure_ascii=False)
        case _:
            return escaped(text)


def escaped(text: str) -> str:
    """Return the JSON string of *text* with each UTF-16 unit as an escape."""
    units = text.encode("utf-16-be")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return '"' + "".join(f"\\u{pair}" for pair in pairs) + '"'


def json_numbers() -> st.SearchStrategy[str]:
    """JSON numbers in every spelling."""
    spelled = st.from_regex(
        r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,4})?", fullmatch=True
    )
    return st.sampled_from(ODD_NUMBERS) | spelled


def json_texts() -> st.SearchStrategy[str]:
    """JSON values as text, nested a little."""
    scalars = (
        st.sampled_from(("true", "false", "null", "[]", "{}"))
        | json_numbers()
        | json_strings(st.text(max_size=12))
    )
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4).map(lambda items: "[" + ", ".join(items) + "]")
            | json_objects(st.text(max_size=8), inner)
        ),
        max_leaves=8,
    )


@st.composite
def json_objects(
    draw: st.DrawFn, names: st.SearchStrategy[str], values: st.SearchStrategy[str]
) -> str:
    """JSON objects as text, with blanks in odd places; no name occurs twice."""
    chosen = draw(st.lists(names, unique=True, max_size=4))
    members = [(draw(json_strings(st.just(name))), draw(values)) for name in chosen]
    return draw(laid_out(members))


@st.composite
def laid_out(draw: st.DrawFn, members: list[tuple[str, str]]) -> str:
    """An object of *members*, each a name and a value in JSON, with blanks between its parts."""

    def blank() -> str:
        return draw(json_blanks())

    written = [f"{blank()}{name}{blank()}:{blank()}{value}{blank()}" for name, value in members]
    return "{" + (",".join(written) or blank()) + "}"


def meaning(text: str | bytes) -> Any:
    """
    Return what a JSON text says, for comparison.

    Objects become pairs in order, so that order and repeats count; numbers keep their
    digits, so that `1.0` is not `1`.
    """
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: ("object", pairs),
        parse_int=lambda digits: ("number", digits),
        parse_float=lambda digits: ("number", digits),
    )
