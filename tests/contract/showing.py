"""Requests and answers in a few words, and as a curl line; never with a code or a token."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from urllib.parse import quote_plus

from fake_spotify.faults.kinds import members_of
from fake_spotify.faults.queue import Planned

from .http_client import FORM, Answer

_SHOWN = 60
# What could be a code or a token of whatever service. Error codes have no digits or capitals.
_LONG_WORD = re.compile(r"[A-Za-z0-9_+=.~%/-]{20,}|[0-9a-fA-F]{16,}")
_LOOKS_RANDOM = re.compile(r"[A-Z0-9]")
_REPEATED = re.compile(r"(\w)\1{40,}")
_SPOTIFYS_CODE = re.compile(r"AQ[A-Za-z0-9_-]{60,}")


def redacted(text: str) -> str:
    """Return *text* in printable characters, with all that could be a token taken out."""
    plain = "".join(char if char.isprintable() else "?" for char in text)
    return _LONG_WORD.sub(
        lambda word: "<redacted>" if _LOOKS_RANDOM.search(word[0]) else word[0], plain
    )


def answer_in_words(answer: Answer) -> str:
    """Return status, content type, and the error or the beginning of the body."""
    text = answer.body.decode(errors="replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        words = str(value.get("error") or ("tokens" if "access_token" in value else value))
    else:
        words = repr(text) if text else ""
    kind = answer.headers.get_content_type() if answer.body else "no body"
    return f"{answer.status} {kind} {redacted(words)[:_SHOWN]}".rstrip()


class CurlLines:
    """
    What to type to see the same: the fault, a code, a token, the request.

    Args:
        control_url: The control API of the fake that the service uses then.
        swap_url: The service's endpoint for codes.
    """

    def __init__(self, control_url: str, swap_url: str) -> None:
        self._faults = f"{control_url}/faults"
        self._variables = {
            "TOKEN": f"TOKEN=$(curl -s -d code=$CODE {swap_url} | jq -r .refresh_token)",
            "PLAIN": f"PLAIN=$(curl -s -d {{}} {control_url}/grants | jq -r .refresh_token)",
            "CODE": f"CODE=$(curl -s -d {{}} {control_url}/codes | jq -r .code)",
        }
        self._names: dict[str, str] = {}

    def begin(self) -> None:
        """Forget the values of the promise before."""
        self._names.clear()

    def name(self, value: str, expression: str) -> None:
        """Write *expression*, in which the shell finds `$CODE` or `$TOKEN`, for *value*."""
        for spelling in (value, quote_plus(value)):
            self._names.setdefault(spelling, expression)

    def line(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        faults: list[Planned],
    ) -> str:
        """Return one line for the shell."""
        text = re.sub(r'(["\\`$])', r"\\\1", (body or b"").decode("latin-1"))
        for value, expression in sorted(self._names.items(), key=lambda each: -len(each[0])):
            text = text.replace(value, expression)
        text = _SPOTIFYS_CODE.sub("$CODE", text)
        text = _REPEATED.sub(
            lambda found: f"$(head -c {len(found[0])} /dev/zero | tr '\\0' {found[1]})", text
        )
        lines = [self._fault(fault) for fault in faults[-1:]]
        needed = text
        for name, line in self._variables.items():
            if re.search(rf"\$\{{?{name}\b", needed):
                lines.insert(0, line)
                needed += line
        words = ["curl -i"]
        if method != ("POST" if text else "GET"):
            words.append(f"-X {method}")
        words += [f"-H {shlex.quote(f'{k}: {v}')}" for k, v in headers.items() if v != FORM]
        if text:
            words.append(f'-d "{redacted(text)}"')
        return " && ".join([*lines, " ".join([*words, shlex.quote(url)])])

    def _fault(self, planned: Planned) -> str:
        chosen = {name: value for name, value in asdict(planned.match).items() if value}
        chosen.pop("token", None)
        members = {**members_of(planned.fault), "times": planned.times or 10}
        if chosen:
            members["match"] = chosen
        if planned.is_processed and not planned.fault.is_processed:
            members["is_processed"] = True
        return f"curl -s -d {shlex.quote(json.dumps(members))} {self._faults}"
