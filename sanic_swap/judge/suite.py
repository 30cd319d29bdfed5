"""The contract suite, which a wheel ships and a checkout has among its tests."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

__all__ = ("documents", "judging", "patience", "processes", "profiles", "promises", "verdict")

if TYPE_CHECKING or not find_spec("sanic_swap.judge.contract"):
    from tests.contract import documents, judging, patience, processes, profiles, verdict
    from tests.contract import promise_report as promises
else:
    from sanic_swap.judge.contract import documents, judging, patience, processes, profiles, verdict
    from sanic_swap.judge.contract import promise_report as promises
