"""The openers in docs/leave.md open what we seal, without a line of ours."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.programs import need
from tests.service.seals import new_secret, seal

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests/vectors/sealed_tokens.json").read_text())
BLOCKS = re.findall(r"```(\w+)\n(.*?)\n```", (ROOT / "docs/leave.md").read_text(), re.DOTALL)
ORIGIN = "http://127.0.0.1:8090"
LONG = "x" * 300  # a context of more than one block of BLAKE2b

ASK_PYTHON = """
import json, sys
from open_token import open_token
for case in json.load(sys.stdin):
    try:
        print(json.dumps(open_token(*case)))
    except Exception:
        print("null")
"""
ASK_NODE = """
import { readFileSync } from "node:fs";
import { openToken } from "./open-token.mjs";
for (const asked of JSON.parse(readFileSync(0))) {
  try {
    const { refreshToken, authorizedAt } = openToken(...asked);
    console.log(JSON.stringify([refreshToken, authorizedAt]));
  } catch {
    console.log("null");
  }
}
"""


def block(language: str, beginning: str) -> str:
    [code] = [code for kind, code in BLOCKS if kind == language and code.startswith(beginning)]
    return code + "\n"


@pytest.fixture(params=["python", pytest.param("node", marks=pytest.mark.one_python)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """What one of the openers makes of (token, secrets, client id, origin); None if it refuses."""
    if request.param == "python":
        (tmp_path / "open_token.py").write_text(block("python", "import re"))
        (tmp_path / "ask.py").write_text(ASK_PYTHON)
        command = [sys.executable, "ask.py"]
    else:
        (tmp_path / "open-token.mjs").write_text(block("js", "import { timingSafeEqual"))
        (tmp_path / "ask.mjs").write_text(ASK_NODE)
        command = [need("node"), "ask.mjs"]

    def ask(*cases: tuple[str, list[str], str, str]) -> list[Any]:
        if request.param == "node":
            cases = tuple(
                (token, list(map(spelled_out, secrets)), *rest) for token, secrets, *rest in cases
            )
        done = subprocess.run(
            command,
            input=json.dumps(cases),
            cwd=tmp_path,
            # As a person runs it: a script sees the file beside it.
            env={name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"},
            capture_output=True,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


@cache
def spelled_out(secret: str) -> str:
    """Turn a passphrase into hex, as the document says."""
    if len(secret) in (43, 64):  # base64url, or hex already
        return secret
    [command] = [code for kind, code in BLOCKS if kind == "sh"]
    script = command.partition("-c '")[2].removesuffix("'")
    environ = os.environ | {"ENCRYPTION_SECRET": secret}
    return subprocess.check_output([sys.executable, "-c", script], env=environ, text=True).strip()


def test_every_vector_opens(opened):
    cases = [(v["sealed"], [v["secret"]], v["client_id"], v["origin"]) for v in VECTORS]

    assert opened(*cases) == [[v["refresh_token"], v["authorized_at"]] for v in VECTORS]


@pytest.mark.parametrize("client_id", ["an-app", LONG])
def test_tokens_of_every_length_open_with_the_right_one_of_several_secrets(opened, client_id):
    first, second = new_secret(), new_secret()
    tokens = ["x" * length for length in (*range(1, 131), 2924, 2925)]

    answers = opened(
        *(
            (seal(token, 7, ORIGIN, second, client_id), [first, second], client_id, ORIGIN)
            for token in tokens
        )
    )

    assert answers == [[token, 7] for token in tokens]


def test_what_is_altered_or_of_another_app_or_key_does_not_open(opened):
    sealed, secret, client_id, origin = (
        VECTORS[0][name] for name in ("sealed", "secret", "client_id", "origin")
    )
    altered = [
        sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
        for at in range(len(sealed))
    ]

    answers = opened(
        *((token, [secret], client_id, origin) for token in (*altered, sealed + "A", "s1.", "")),
        (sealed, [secret], client_id + "x", origin),
        (sealed, [secret], client_id, origin + "x"),
        (sealed, [new_secret()], client_id, origin),
    )

    assert set(map(json.dumps, answers)) == {"null"}
