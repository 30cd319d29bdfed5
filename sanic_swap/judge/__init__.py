"""Decides what `sanic-swap judge` does, and with what exit code.

Arguments come in; a verdict and reports go out. Suite, verdict and documents lie in
`tests/contract`; the wheel ships them as `sanic_swap.judge.contract`.
"""
