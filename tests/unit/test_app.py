"""The application has the endpoints that its description has."""

import json
from importlib.resources import files

import pytest

from sanic_swap.app import make_app
from sanic_swap.parts import Parts
from tests.reading import APP, read_settings


@pytest.mark.usefixtures("restored_logging")
def test_every_endpoint_is_described_with_its_methods_and_no_other() -> None:
    routes = make_app(Parts(read_settings(APP))).router.routes
    paths = json.loads(files("sanic_swap.web").joinpath("openapi.json").read_text())["paths"]
    described = {
        path: {method.upper() for method in operations} for path, operations in paths.items()
    }

    # RFC 9110 section 9.3.2: HEAD is described by GET.
    assert {route.uri: set(route.methods) - {"HEAD"} for route in routes} == described
