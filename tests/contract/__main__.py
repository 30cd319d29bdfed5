"""`sanic-swap judge` without sanic-swap: `python -m tests.contract URL` in a checkout."""

import sys

from .arguments import parse
from .command import judge

sys.exit(judge(parse(f"python -m {__package__}", sys.argv[1:])))
