"""What is changed in this process for a while: environment variables, and where its output goes."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TextIO, cast


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
def _replacing(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give an attribute another value, and restore it afterwards."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


class _Outliving:
    """A standard output whose reader may leave early, as head does: what comes after that goes nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text."""
        with self._outliving():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Send what was written."""
        with self._outliving():
            self._stream.flush()

    @contextlib.contextmanager
    def _outliving(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:  # the descriptor itself, as Python flushes the stream once more when it ends
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def outlive_readers() -> None:
    """Let the process go on quietly when nobody reads its standard output any more: for a command line's process.

    A file and a terminal are always read; where there is no standard output at all, what is written goes nowhere.
    """
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    elif isinstance(sys.stdout, io.TextIOWrapper) and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode):
        sys.stdout = cast(TextIO, _Outliving(sys.stdout))


def without_waiting() -> AbstractContextManager[None]:
    """Let time.sleep() return at once: what tries again does so without a pause."""
    return _replacing(time, "sleep", lambda _: None)


def leaving_by_exception() -> AbstractContextManager[None]:
    """Let os._exit() raise SystemExit, so that whoever runs a project's code goes on after it."""

    def leave(code: int) -> None:
        raise SystemExit(code)

    return _replacing(os, "_exit", leave)


def writing_no_bytecode() -> AbstractContextManager[None]:
    """Let imports leave no __pycache__ behind."""
    return _replacing(sys, "dont_write_bytecode", True)


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
