"""The command line."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

import alembic_proof
from alembic_proof import cli
from alembic_proof.errors import ProofError


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["--version"], 0, f"alembic-proof {alembic_proof.__version__}"),
        (["--help"], 0, "adopt    bring an existing"),
        ([], 2, "COMMAND"),
        (["heal"], 2, "invalid choice: 'heal'"),
        (["doctor", "--no-lives"], 2, "unrecognized arguments: --no-lives"),
        (["doctor", "--only", "nonsense"], 2, "there is no check 'nonsense'; there are: alembic-uses-"),
        (["doctor", "--explain", "file-parse"], 2, "there is no check 'file-parse'; did you mean files-parse?"),
    ],
)
def test_a_wrong_word_is_refused(argv: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the usage, not a traceback."""
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    output = capsys.readouterr()
    assert ended.value.code == code
    assert words in output.out + output.err


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """With --help."""
    for command in cli.COMMANDS:
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
        assert f"usage: alembic-proof {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (ProofError("what is wrong."), 2, "what is wrong.\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (None, 7, ""),
    ],
)
def test_an_error_is_a_sentence(
    raised: BaseException | None,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On stderr, with an exit code."""

    def main(argv: list[str]) -> int:
        assert argv == ["a", "b"]
        if raised:
            raise raised
        return code

    module = ModuleType("alembic_proof.cli.doctor")
    module.main = main  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert cli.main(["doctor", "a", "b"]) == code
    assert capsys.readouterr() == ("", words)


def test_without_a_project_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence, for each command that needs one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALEMBIC_CONFIG", raising=False)
    for command in ("doctor", "lint", "adopt"):
        for arguments in ([], ["--config", "nowhere.ini"]):
            assert cli.main([command, *arguments]) == 2
            assert capsys.readouterr().err.startswith("There is no ")
