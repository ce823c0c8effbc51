"""What is changed in a process for a while is restored."""

from __future__ import annotations

import logging
import os
import sys

import pytest

from alembic_proof.sandbox.process import environment, keeping_logging, quiet, writing_no_bytecode


@pytest.mark.parametrize("before", [None, "old"])
@pytest.mark.parametrize("inside", [None, "new"])
def test_an_environment_variable_is_restored(
    monkeypatch: pytest.MonkeyPatch, before: str | None, inside: str | None
) -> None:
    """Whether it was set or not."""
    monkeypatch.delenv("PROOF_TEST", raising=False)
    if before is not None:
        monkeypatch.setenv("PROOF_TEST", before)
    with environment(PROOF_TEST=inside):
        assert os.environ.get("PROOF_TEST") == inside
    assert os.environ.get("PROOF_TEST") == before


def test_quiet_output_is_thrown_away(capsys: pytest.CaptureFixture[str]) -> None:
    """On both streams, and only inside."""
    with quiet():
        print("inside")
        print("inside", file=sys.stderr)
    print("outside")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("outside\n", "")


def test_no_bytecode_is_written_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the flag is restored."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    with writing_no_bytecode():
        assert sys.dont_write_bytecode
    assert not sys.dont_write_bytecode


def test_logging_is_restored() -> None:
    """The root logger's level and handlers, and which loggers are disabled."""
    logger, root = logging.getLogger("proof.test"), logging.root
    before = (root.level, list(root.handlers))
    with keeping_logging():
        logger.disabled = True
        root.handlers[:] = [logging.NullHandler()]
        root.setLevel(1)
    assert (root.level, root.handlers) == before
    assert not logger.disabled
