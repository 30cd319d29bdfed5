"""The contract suite can be shipped: it imports the fake, itself, and nothing else of ours."""

import ast
from pathlib import Path

import pytest

CONTRACT = Path(__file__).parents[1] / "contract"
OURS = {"sanic_swap", "tests", "benchmarks"}


@pytest.mark.parametrize("file", [*CONTRACT.glob("*.py")], ids=lambda file: file.stem)
def test_the_contract_suite_knows_nothing_else_of_ours(file: Path) -> None:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    names |= {str(node.module) for node in froms if not node.level}

    assert not OURS & {name.partition(".")[0] for name in names}
    assert {node.level for node in froms} <= {0, 1}
