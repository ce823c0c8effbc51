"""What is changed in this process for a while: environment variables, and where its output goes."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import time
from collections.abc import Iterator


@contextlib.contextmanager
def environment(**variables: str | None) -> Iterator[None]:
    """Set environment variables, None removes one, and restore them afterwards."""
    before = {name: os.environ.get(name) for name in variables}

    def put(values: dict[str, str | None]) -> None:
        for name, value in values.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    put(variables)
    try:
        yield
    finally:
        put(before)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Throw away what Alembic and env.py print and log."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


@contextlib.contextmanager
def without_waiting() -> Iterator[None]:
    """Let time.sleep() return at once: what tries again does so without a pause."""
    before, time.sleep = time.sleep, lambda _: None
    try:
        yield
    finally:
        time.sleep = before


@contextlib.contextmanager
def leaving_by_exception() -> Iterator[None]:
    """Let os._exit() raise SystemExit, so that whoever runs a project's code goes on after it."""

    def leave(code: int) -> None:
        raise SystemExit(code)

    before, os._exit = os._exit, leave  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit = before


@contextlib.contextmanager
def writing_no_bytecode() -> Iterator[None]:
    """Let imports leave no __pycache__ behind."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


@contextlib.contextmanager
def keeping_logging() -> Iterator[None]:
    """Restore the root logger, and which loggers are disabled, afterwards: fileConfig() in an env.py changes both."""
    root = logging.root
    level, handlers = root.level, list(root.handlers)
    disabled = {name: logger.disabled for name, logger in _loggers().items()}
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        for name, logger in _loggers().items():
            logger.disabled = disabled.get(name, logger.disabled)


def _loggers() -> dict[str, logging.Logger]:
    loggers = logging.root.manager.loggerDict.items()
    return {name: logger for name, logger in loggers if isinstance(logger, logging.Logger)}
