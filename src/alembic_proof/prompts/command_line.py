"""Commands as they are to be typed: the one that answers everything at once, and those in sentences."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import upstream

if TYPE_CHECKING:
    from alembic.config import Config

# In sentences, Alembic's commands as Flask-Migrate has them: what is written, and what is typed there.
_IN_FLASK = (
    (r"alembic upgrade head(?![\w-])(?! --)", "flask db upgrade"),  # which goes to head by itself
    (r"alembic downgrade -1\b", "flask db downgrade"),  # and this one back by one; "-1" would be an option
    (r"alembic revision --autogenerate\b", "flask db migrate"),
    (r"alembic (upgrade|downgrade|revision|stamp|check|current|merge|heads|history|branches|show)\b", r"flask db \1"),
)

# What stands for the rest of a command that nobody knows here: it is not quoted.
REST = "..."


def answering(config: Config | None, arguments: Sequence[str], running: str) -> str:
    """Return the running command as a line for the shell, with these as its ``-x`` arguments.

    Flask-Migrate has them in its group. Of a command that a program runs, only its name is known (``running``).
    """
    of_flask = is_of_flask(config)
    if of_flask and (line := _of_flask(sys.argv, arguments)):
        return line
    words = ["flask", "db"] if of_flask else ["alembic", *_global_options(config)]
    for argument in arguments:
        words += ["-x", argument]
    command = upstream.command_line(config)
    if command is None or of_flask:
        name = "migrate" if of_flask and running == "revision" else running
        return f"{quoted(words)} {name and f'{name} '}{REST}"
    name, positional, options = command
    words.append(name)
    for option, value in options.items():
        flag = "-m" if option == "message" else f"--{option.replace('_', '-')}"
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if each is not None and each is not False:
                words += [flag] if each is True else [flag, str(each)]
    for value in positional:
        words += value if isinstance(value, (list, tuple)) else [str(value)]
    return quoted(words)


def is_of_flask(config: Config | None) -> bool:
    """Tell whether a Config is that of Flask-Migrate, whose commands are ``flask db ...``."""
    return type(config).__module__.partition(".")[0] == "flask_migrate"


def is_flask_command(config: Config | None) -> bool:
    """Tell whether this process is a command of ``flask db``, and not an application that runs migrations."""
    return is_of_flask(config) and _of_flask(sys.argv, ()) is not None


def in_flask(text: str) -> str:
    """Return a sentence with the commands of ``alembic`` in it as Flask-Migrate has them."""
    for alembic, flask in _IN_FLASK:
        text = re.sub(rf"(?<![\w-]){alembic}", flask, text)
    return text


def _of_flask(given: Sequence[str], arguments: Sequence[str]) -> str | None:
    """Return the command line of a process with these as its ``-x`` arguments; None if it is not one of ``flask db``.

    Which options a command of click was given, nobody else knows: the Config has only some of them.
    """
    if "db" not in given[1:]:
        return None
    program, words, is_value = Path(given[0]).name, [], False
    for word in given[1:]:
        if not is_value and not word.startswith(("-x", "--x-arg")):
            words.append(word)
        is_value = not is_value and word in ("-x", "--x-arg")
    at = words.index("db") + 1
    if program == "__main__.py":
        first = ["python", "-m", "flask"]
    else:
        first = ["python", given[0]] if program.endswith(".py") else [program.removesuffix(".exe")]
    answers = [each for argument in arguments for each in ("-x", argument)]
    return quoted([*first, *words[:at], *answers, *words[at:]])


def _global_options(config: Config | None) -> list[str]:
    """Return the options of ``alembic`` itself that the running command was given: ``-c`` and ``-n``."""
    given = getattr(config, "cmd_opts", None)
    files = getattr(given, "config", None) or []
    words = [word for file in ([files] if isinstance(files, str) else files) for word in ("-c", file)]
    section = getattr(given, "name", None)
    return words if section in (None, "alembic") else [*words, "-n", section]


def quoted(words: Sequence[str]) -> str:
    """Return words as they are typed into the shell."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
