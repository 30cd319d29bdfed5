"""The fake stands alone: imports go one way, and few modules know a web server."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fake_spotify"
MODULES = {file.stem: ast.parse(file.read_text()) for file in PACKAGE.glob("*.py")}

DOORS = {
    "aiohttp": {"exchange", "server", "web_accounts", "web_api", "web_control", "wire"},
    "asyncio": {"__main__", "fake", "outages", "server", "wire"},
    "socket": {"outages", "server", "wire"},
    "trustme": {"certificates"},
    "pytest": {"pytest_plugin"},
    "argparse": {"options"},
}


def _imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own(name):
    named = {
        imported.removeprefix("fake_spotify.").partition(".")[0]
        for imported in _imports(MODULES[name])
        if imported.startswith("fake_spotify.")
    }
    return named & set(MODULES)


def _libraries(name):
    return {imported.partition(".")[0] for imported in _imports(MODULES[name])}


def test_it_knows_nothing_of_the_service_that_is_tested_with_it():
    assert not [name for name in MODULES if "sanic_swap" in _libraries(name)]


@pytest.mark.parametrize("library", DOORS)
def test_a_library_is_known_to_few(library):
    assert {name for name in MODULES if library in _libraries(name)} == DOORS[library]


def test_imports_go_one_way():
    below = {name: _own(name) for name in MODULES}
    while below:
        free = {name for name, needed in below.items() if not needed}
        assert free, f"these import each other: {sorted(below)}"
        below = {name: needed - free for name, needed in below.items() if name not in free}


def test_every_module_says_in_its_first_line_what_it_is():
    assert all(ast.get_docstring(tree) for tree in MODULES.values())
