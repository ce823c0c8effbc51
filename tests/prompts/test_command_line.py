"""The command that answers everything at once."""

from __future__ import annotations

import shlex
from argparse import Namespace
from typing import Any

import pytest
from alembic.config import CommandLine, Config

from alembic_proof.prompts import answering, in_flask, is_flask_command, is_of_flask


def config_of(*arguments: str) -> Config:
    """Return what Alembic makes of a command."""
    given = CommandLine().parser.parse_args(list(arguments))
    return Config(cmd_opts=given)


@pytest.mark.parametrize(
    "command",
    [
        "revision --autogenerate -m 'it'\"'\"'s asked'",
        "revision --head main@head --splice --depends-on a1 --depends-on a2 --rev-id 7 -m x --autogenerate",
        "downgrade -1",
        "upgrade heads",
    ],
)
@pytest.mark.parametrize("options", ["", "-c other.ini", "-c other.ini -c pyproject.toml -n second"])
def test_a_command_of_alembic(options: str, command: str) -> None:
    """It is the same for Alembic, with the answers in place."""
    line = answering(config_of(*shlex.split(options), *shlex.split(command)), ["rename=a.b:c d", "allow-drop"], "")
    again = config_of(*shlex.split(line)[1:]).cmd_opts
    expected = config_of(*shlex.split(options), "-x", "rename=a.b:c d", "-x", "allow-drop", *shlex.split(command))
    assert again == expected.cmd_opts
    assert line.startswith("alembic ")


class OfFlask(Config):
    """That of Flask-Migrate is told by its module."""


OfFlask.__module__ = "flask_migrate"


@pytest.mark.parametrize(
    ("config", "running", "expected"),
    [
        (None, "", "alembic -x fill=a.b=1 ..."),
        (Config(), "revision", "alembic -x fill=a.b=1 revision ..."),
        (Config(cmd_opts=Namespace(x=[])), "downgrade", "alembic -x fill=a.b=1 downgrade ..."),
        (OfFlask(), "revision", "flask db -x fill=a.b=1 migrate ..."),
        (OfFlask(), "downgrade", "flask db -x fill=a.b=1 downgrade ..."),
    ],
)
def test_another_program(config: Any, running: str, expected: str) -> None:
    """Of what it was given, nothing is known but the command."""
    assert answering(config, ["fill=a.b=1"], running) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/venv/bin/flask db migrate -m 'a title'", "flask db -x fill=a.b=1 migrate -m 'a title'"),
        ("flask --app shop db -x tenant=a migrate -xb -d m", "flask --app shop db -x fill=a.b=1 migrate -d m"),
        ("flask db --x-arg b --x-arg=c downgrade -- -2", "flask db -x fill=a.b=1 downgrade -- -2"),
        ("/venv/flask/__main__.py db migrate", "python -m flask db -x fill=a.b=1 migrate"),
        ("manage.py db migrate", "python manage.py db -x fill=a.b=1 migrate"),
        ("pytest tests", "flask db -x fill=a.b=1 migrate ..."),
    ],
)
def test_a_command_of_flask(monkeypatch: pytest.MonkeyPatch, given: str, expected: str) -> None:
    """It is as it was typed, with the answers in place of those that it had."""
    monkeypatch.setattr("sys.argv", shlex.split(given))
    assert answering(OfFlask(), ["fill=a.b=1"], "revision") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run `alembic upgrade head` before it starts", "run `flask db upgrade` before it starts"),
        ("alembic upgrade heads", "flask db upgrade heads"),
        ("alembic upgrade head --sql prints", "flask db upgrade head --sql prints"),
        ("Run alembic upgrade head first.", "Run flask db upgrade first."),
        ("alembic downgrade -1", "flask db downgrade"),
        ("alembic downgrade -10", "flask db downgrade -10"),
        ("alembic downgrade base", "flask db downgrade base"),
        ('alembic revision --autogenerate -m "a"', 'flask db migrate -m "a"'),
        (
            'alembic revision -m "a", then alembic stamp --purge b',
            'flask db revision -m "a", then flask db stamp --purge b',
        ),
        (
            "every alembic command; alembic init; alembic-proof check",
            "every alembic command; alembic init; alembic-proof check",
        ),
    ],
)
def test_sentences_for_flask(text: str, expected: str) -> None:
    """Its commands are named as they are typed there."""
    assert in_flask(text) == expected


@pytest.mark.parametrize(("config", "expected"), [(OfFlask(), True), (Config(), False), (None, False)])
def test_is_of_flask(config: Any, expected: bool) -> None:
    """A Config of Flask-Migrate is one of its own class."""
    assert is_of_flask(config) is expected


@pytest.mark.parametrize(
    ("config", "given", "expected"),
    [
        (OfFlask(), "/venv/bin/flask --app shop db upgrade", True),
        (OfFlask(), "gunicorn shop:app", False),
        (Config(), "flask db upgrade", False),
    ],
)
def test_is_flask_command(monkeypatch: pytest.MonkeyPatch, config: Config, given: str, expected: bool) -> None:
    """Not where an application runs migrations when it starts."""
    monkeypatch.setattr("sys.argv", shlex.split(given))
    assert is_flask_command(config) is expected
