"""Keeps a logger from telling what nobody needs to read in the middle of something else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def logging_less(name: str) -> Iterator[None]:
    """Let a logger, and those below it, tell nothing but warnings and errors meanwhile."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
