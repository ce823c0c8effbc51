"""A process that has imported Alembic and the library, and runs a command in a child: imports take most of its time.

It reads a request for each line of its input, as JSON: the commands, each a list of a program (``alembic`` or
``alembic-proof``) and its arguments; which directory, environment and file of output they have; and answers with the
exit code of the last.
"""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import ssl
import sys
import time
from typing import Any

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


def run(program: str, arguments: list[str]) -> int:
    """Run one command in this process and return its exit code."""
    sys.argv = [program, *arguments]
    if program == "alembic-proof":
        return alembic_proof.cli.main(arguments)
    alembic.config.main(prog="alembic")
    return 0


def child(request: dict[str, Any]) -> int:
    """Become what the request asks for, as if just started, and return the exit code."""
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
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


def main() -> None:
    """Serve until the input ends."""
    ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]  # as in certificates.py, which see
    ssl.create_default_context(cafile=None, capath=None)
    gc.disable()  # as the command does
    gc.freeze()
    del sys.path[0]  # the directory of this file, which no command has on its path
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            code = child(json.loads(line))
            atexit._run_exitfuncs()
            sys.stdout.flush()
            os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
