"""Programs that try for minutes what the tests try for seconds; run by hand, one command each.

What they measured is in `docs/reliability.md`.
"""
