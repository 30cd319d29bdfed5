"""The API's description is valid, complete, and true."""

import json
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from fake_spotify import FakeSpotify
from tests.contract.http_client import post_form, send
from tests.service.running import Running


@pytest.fixture(scope="module")
def description(service: Running) -> dict[str, Any]:
    """What the running service says of itself."""
    answer = send("GET", f"{service.url}/openapi.json")
    return dict(answer.json())


def schema(description: dict[str, Any], name: str) -> dict[str, Any]:
    return {**description["components"]["schemas"][name], "$defs": description["components"]}


def test_the_description_is_valid_openapi(description: dict[str, Any]) -> None:
    validate(description)


def test_every_described_path_is_there_with_exactly_its_methods(
    service: Running, description: dict[str, Any]
) -> None:
    for path, operations in description["paths"].items():
        options, other = (send(method, service.url + path) for method in ("OPTIONS", "PUT"))
        expected = {name.upper() for name in operations} | {"OPTIONS"}
        expected |= {"HEAD"} if "GET" in expected else set()

        assert set(options.headers["Allow"].split(", ")) == expected
        assert (other.status, other.headers["Allow"]) == (405, options.headers["Allow"])


def test_answers_are_what_is_described(
    service: Running, spotify: FakeSpotify, description: dict[str, Any]
) -> None:
    tokens = post_form(f"{service.url}/swap", {"code": spotify.code()})
    refused = post_form(f"{service.url}/swap", {"code": "x"})
    described = description["paths"]["/swap"]["post"]["responses"]

    jsonschema.validate(tokens.json(), schema(description, "Tokens"))
    jsonschema.validate(refused.json(), schema(description, "Error"))
    assert {str(tokens.status), str(refused.status)} <= described.keys()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads("{}"), schema(description, "Error"))


@pytest.mark.parametrize(("path", "name"), [("/swap", "code"), ("/refresh", "refresh_token")])
def test_the_described_limits_of_length_are_the_services_own(
    service: Running, description: dict[str, Any], path: str, name: str
) -> None:
    content = description["paths"][path]["post"]["requestBody"]["content"]
    longest = content["application/json"]["schema"]["properties"][name]["maxLength"]
    fits = post_form(service.url + path, {name: "x" * longest})
    too_long = post_form(service.url + path, {name: "x" * (longest + 1)})

    assert (fits.error, too_long.error) == ("invalid_grant", "invalid_request")
