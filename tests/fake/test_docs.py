"""docs/fake-spotify.md names everything that there is."""

from pathlib import Path

import pytest

from fake_spotify.commands import arguments
from fake_spotify.control import openapi
from fake_spotify.faults.kinds import KINDS
from tests.fake import cases

DOCUMENT = (Path(__file__).parents[2] / "docs" / "fake-spotify.md").read_text()


OPTIONS = {
    option
    for action in arguments.serving_parser()._actions
    for option in action.option_strings
    if option not in {"-h", "--help"}
}
CONTROL = {
    f"{method.upper()} /_fake{path}"
    for path, methods in openapi.document()["paths"].items()
    for method in methods
    if path != "/"
}


@pytest.mark.parametrize("name", sorted(OPTIONS | CONTROL | {*KINDS, *openapi.OUTAGES}))
def test_every_option_fault_and_control_request_is_documented(name):
    assert f"`{name}`" in DOCUMENT


def test_exactly_the_unknown_cases_are_listed_as_such():
    unknown = {
        case["name"]
        for case in cases.CASES
        if case["certainty"] == "UNKNOWN" and case["group"] != "client-to-swap"
    }
    section = DOCUMENT.partition("### UNKNOWN")[2].partition("Where nothing at all")[0]
    listed = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")}

    assert listed == unknown
