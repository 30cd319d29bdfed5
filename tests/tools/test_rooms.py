"""The contract suite can be shipped, and our own service is tested as its clients see it."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_python

TESTS = Path(__file__).parents[1]
# What a room knows nothing of.
STRANGERS = {"contract": {"sanic_swap", "tests", "benchmarks"}, "service": {"sanic_swap"}}
FILES = [(room, file) for room in STRANGERS for file in (TESTS / room).glob("*.py")]


@pytest.mark.parametrize(
    ("room", "file"), [pytest.param(*each, id=f"{each[0]}/{each[1].stem}") for each in FILES]
)
def test_a_room_imports_no_stranger(room: str, file: Path) -> None:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    names |= {str(node.module) for node in froms if not node.level}

    assert not STRANGERS[room] & {name.partition(".")[0] for name in names}
    assert {node.level for node in froms} <= {0, 1}
