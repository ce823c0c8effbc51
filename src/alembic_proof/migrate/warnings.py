"""Warnings that somebody is to see, also where a project has configured no logging."""

from __future__ import annotations

import logging
import sys


def warn(log: logging.Logger, sentence: str) -> None:
    """Put a sentence on a log, as a warning; where nothing shows that log, on the standard error.

    Alembic's logger has a handler that drops everything, so that Python's own last resort is not used.
    """
    if _is_shown(log):
        log.warning("%s", sentence)
    else:
        print(sentence, file=sys.stderr)


def _is_shown(log: logging.Logger) -> bool:
    """Tell whether a log has a handler; fileConfig() disables loggers that it does not know."""
    logger: logging.Logger | None = None if log.disabled else log
    while logger is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False
