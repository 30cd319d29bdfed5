"""Settings that the documents show are read as meant: by us, flyctl and Docker."""

import re
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.reading import read_settings

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
APP = {"CLIENT_ID": "an-app", "CLIENT_SECRET": "s", "CALLBACK_URL": "myapp://callback"}
KEYS = {"NEW_KEY": "a1" * 32, "NEW": "c0" * 32, "OLDER": "b1" * 32, "OLD": "a2" * 32}
WORDS = {"OLD_SECRET": "s3cret", **KEYS}


def flyctl_reads(text: str) -> dict[str, str]:
    """Read `fly secrets import` as flyctl's parser.go does (superfly/flyctl, 2025)."""
    found, name, lines = {}, "", []
    for line in text.splitlines():
        if name and line.endswith('"""'):
            found[name] = "".join([*lines, line.removesuffix('"""')])
            name, lines = "", []
        elif name:
            lines.append(f"{line}\n")
        elif line.strip() and not line.startswith("#"):
            key, _, value = line.partition("=")
            key, value = key.strip(), value.lstrip(" ")
            if value.startswith('"""'):  # the line where it ends is never this one
                name, lines = key, [value.removeprefix('"""') + "\n"]
            else:
                is_quoted = value.startswith('"') and value.endswith('"')
                found[key] = value[1:-1] if is_quoted else value
    return found


def docker_reads(text: str) -> dict[str, str]:
    """Read `docker run --env-file` as Docker does: a line is a value, quotes belong to it."""
    lines = [line.lstrip() for line in text.splitlines()]
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, equals, value in pairs if equals}


def dotenv_reads(text: str) -> dict[str, str]:
    """Read `.env` as python-dotenv does."""
    return {name: value or "" for name, value in dotenv_values(stream=StringIO(text)).items()}


def blocks(name: str) -> list[str]:
    """Return the blocks of a document that set variables, with real secrets in them."""
    text = (ROOT / "docs" / name).read_text()
    found = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    filled = [re.sub("|".join(WORDS), lambda word: WORDS[word[0]], block) for block in found]
    return [block for block in filled if re.search("^(?:ENCRYPTION|LEGACY)_", block, re.MULTILINE)]


def previous(environ: dict[str, str]) -> list[str]:
    secrets = read_settings(APP | environ).previous_secrets
    return [secret.secret.reveal() for secret in secrets]


BLOCKS = blocks("keys.md")
ONE, SEVERAL = [WORDS["OLD"]], [WORDS["OLD"], WORDS["OLDER"]]


def test_the_document_shows_one_old_key_and_several_for_each_place() -> None:
    assert ["fly " in block for block in BLOCKS] == [False, False, True, True]


@pytest.mark.parametrize(("block", "read"), [*zip(BLOCKS, [ONE, SEVERAL] * 2, strict=True)])
def test_old_keys_are_read_as_documented(block: str, read: list[str]) -> None:
    if "fly " in block:
        environ = flyctl_reads(block.partition("\n")[2].removesuffix("END\n"))
    else:
        environ = dotenv_reads(block)
        if read == ONE:
            assert docker_reads(block) == environ

    assert environ["ENCRYPTION_SECRET"] == WORDS["NEW"]
    assert previous(environ) == read


def test_three_quotes_on_one_line_are_dropped_by_flyctl() -> None:
    assert flyctl_reads('A="""x"""\nB=1\n') == {}


@pytest.mark.parametrize("block", blocks("migrate.md")[:2])
def test_settings_of_a_migration_are_read_as_documented(block: str) -> None:
    environ = dotenv_reads(block) | {"LEGACY_TOKENS_UNTIL": "2999-12-31"}
    settings = read_settings(APP | environ)

    assert settings.legacy_opening_secrets[0].reveal() == WORDS["OLD_SECRET"]
    assert "LEGACY_TOKENS_UNTIL" in block
