"""The command `judge`: runs the contract suite against any swap service and reports on it.

The suite lies in `tests/contract`; the wheel ships it as `sanic_swap.judge.contract`.
"""
