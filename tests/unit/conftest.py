"""What unit tests share."""

import logging
from collections.abc import Iterator

import pytest

from sanic_swap.logs import log


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Undo what `configure_logging` did."""
    root, before = logging.getLogger(), logging.raiseExceptions
    handlers, levels = root.handlers[:], (root.level, log.level)
    yield
    root.handlers[:], logging.raiseExceptions = handlers, before
    root.setLevel(levels[0])
    log.setLevel(levels[1])
