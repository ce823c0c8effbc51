"""Somebody sees a warning, whatever a project's logging is."""

from __future__ import annotations

import io
import logging

import pytest

from alembic_proof.migrate.warnings import warn


def log_below(*handlers: logging.Handler) -> logging.Logger:
    """Return a log below another one, which has handlers, and of which nothing goes to the root: pytest listens there.

    In the test itself: before it, pytest would add its own.
    """
    parent = logging.getLogger("proof_warnings")
    parent.propagate, parent.handlers[:] = False, handlers
    return logging.getLogger("proof_warnings.child")


def test_without_logging(capsys: pytest.CaptureFixture[str]) -> None:
    """On the standard error."""
    warn(log_below(logging.NullHandler()), "100% lost")
    assert capsys.readouterr() == ("", "100% lost\n")


@pytest.mark.parametrize("disabled", [False, True])
def test_with_logging(capsys: pytest.CaptureFixture[str], disabled: bool) -> None:
    """Where its handler writes; not so if fileConfig() has disabled the log."""
    shown = io.StringIO()
    log = log_below(logging.NullHandler(), logging.StreamHandler(shown))
    log.disabled = disabled
    warn(log, "100% lost")
    log.disabled = False
    assert (shown.getvalue(), capsys.readouterr().err) == (("", "100% lost\n") if disabled else ("100% lost\n", ""))
