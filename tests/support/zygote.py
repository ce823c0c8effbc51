"""A process that has imported Alembic and the library, and runs a command in a child: imports take most of its time.

It reads a request for each line of its input, as JSON: the commands, each a list of a program (``alembic``,
``alembic-proof`` or ``flask``) and its arguments; which directory, environment and files of output and errors they
have; and answers with the exit code of the last. The process that the doctor itself starts comes from such a one, too.
"""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import IO, Any

import alembic.autogenerate
import alembic.command
import alembic.config
import dotenv  # noqa: F401
import psycopg  # noqa: F401
import pymysql  # type: ignore[import-untyped]  # noqa: F401
import sqlalchemy.dialects.mysql
import sqlalchemy.dialects.postgresql
import sqlalchemy.orm  # noqa: F401

import alembic_proof.autogenerate.pipeline
import alembic_proof.cli
import alembic_proof.doctor.runner
import alembic_proof.migrate.connection
from alembic_proof.doctor.checks import database


def run(program: str, arguments: list[str]) -> int:
    """Run one command in this process and return its exit code."""
    sys.argv = [program, *arguments]
    if program == "alembic-proof":
        return alembic_proof.cli.main(arguments)
    if program == "flask":
        from flask.cli import main as flask

        flask()
    alembic.config.main(prog="alembic")
    return 0


def child(request: dict[str, Any]) -> int:
    """Become what the request asks for, as if just started, and return the exit code."""
    if request["commands"][0][:2] == ["alembic-proof", "doctor"] and "--where" not in request["commands"][0]:
        _Elsewhere.begin()
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(os.open(request["errors"], os.O_WRONLY) if "errors" in request else output, 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["directory"])
    time.tzset()
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [os.path.dirname(sys.executable), *filter(None, paths)]  # the first is the directory of this file
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    code = 0
    try:
        for program, *arguments in request["commands"]:
            code = run(program, arguments)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code & 0xFF if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return code


class _Elsewhere:
    """Stands for the Popen of the doctor's own process: it comes from another zygote, which has run nothing either."""

    _requests: IO[str]
    _answers: IO[str]

    @classmethod
    def begin(cls) -> None:
        """Fork that zygote, before this process is anything."""
        (requests, ask), (answers, answer) = os.pipe(), os.pipe()
        if os.fork() == 0:
            os.close(ask)
            with open(requests, encoding="utf-8") as lines, open(answer, "w", encoding="utf-8") as output:
                serve(lines, output)
            os._exit(0)
        os.close(requests)
        os.close(answer)
        cls._requests, cls._answers = open(ask, "w", encoding="utf-8"), open(answers, encoding="utf-8")  # noqa: SIM115
        vars(database)["subprocess"] = SimpleNamespace(**{**vars(subprocess), "Popen": cls})

    def __init__(self, command: Sequence[str], cwd: str, env: dict[str, str], **_: Any) -> None:
        self._output = tempfile.NamedTemporaryFile("r", encoding="utf-8")  # noqa: SIM115
        wanted = {"directory": str(cwd), "environment": dict(env), "output": self._output.name, "errors": os.devnull}
        arguments = command[list(command).index("doctor") :]
        print(json.dumps({**wanted, "commands": [["alembic-proof", *arguments]]}), file=self._requests, flush=True)

    def communicate(self) -> tuple[str, str]:
        """Wait for its end, and return what it printed."""
        self.returncode = int(self._answers.readline())
        return self._output.read(), ""

    def __enter__(self) -> _Elsewhere:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: it has ended, or ends by itself."""

    def kill(self) -> None:
        """Do nothing: it ends by itself."""


def serve(requests: Iterable[str], answers: IO[str]) -> None:
    """Do what is requested, one after the other, until there is no more."""
    for line in requests:
        process = os.fork()
        if process == 0:
            code = child(json.loads(line))
            atexit._run_exitfuncs()
            sys.stdout.flush()
            os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), file=answers, flush=True)


def main() -> None:
    """Serve until the input ends."""
    ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]  # as in certificates.py, which see
    ssl.create_default_context(cafile=None, capath=None)
    gc.disable()  # as the command does
    gc.freeze()
    del sys.path[0]  # the directory of this file, which no command has on its path
    serve(sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
