"""`sanic-swap judge` without sanic-swap: `python -m tests.contract URL` in a checkout."""

import sys

from .arguments import parser
from .command import judge

sys.exit(judge(parser(f"python -m {__package__}").parse_args()))
