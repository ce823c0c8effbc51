"""Projects that can be run, broken and read: baked from the template, or written by a test."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.main import cookiecutter

REPOSITORY = Path(__file__).parents[2]
LIBRARY = REPOSITORY / "src"
BIN = Path(sys.executable).parent
FORKED = ("alembic", "alembic-proof", "flask")


@cache
def zygote() -> subprocess.Popen[str]:
    """Return the process that runs commands of Alembic and of the library: see zygote.py."""
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    command = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8", cwd="/", env=environment)


def forked(
    commands: Sequence[Sequence[str]], directory: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run commands, each a program and its arguments, as processes of their own would, but quicker."""
    server = zygote()
    assert server.stdin
    assert server.stdout
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
        request = {"directory": str(directory), "environment": environment, "commands": commands, "output": output.name}
        print(json.dumps(request), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess([" ".join(one) for one in commands], code, output.read())


@dataclass(frozen=True)
class Project:
    """A project that can be run, broken and read."""

    path: Path
    home: Path

    @property
    def package(self) -> str:
        """The name of a baked project's package."""
        return next(self.path.glob("src/*/models")).parent.name

    @property
    def sources(self) -> Path:
        """The directory of its package."""
        return self.path / "src" / self.package

    def environment(self, **variables: str) -> dict[str, str]:
        """Return a bare environment in which the project's commands and the library's work without being installed."""
        keep = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        paths = {"HOME": str(self.home), "PATH": f"{BIN}{os.pathsep}/usr/bin{os.pathsep}/bin"}
        cache = os.environ.get("MYPY_CACHE_DIR", str(self.home / "mypy"))
        quick = {"PYTHONDONTWRITEBYTECODE": "1", "MYPY_CACHE_DIR": cache}
        quick["PYTEST_PLUGINS"] = "alembic_proof.testing.plugin"  # which an installed library names as its entry point
        imports = os.pathsep.join([str(self.path / "src"), str(LIBRARY)])
        return {**keep, **coverage, **paths, **quick, "PYTHONPATH": imports, **variables}

    def run(self, *command: str, cwd: str = ".", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project and return it finished, its output and errors together in stdout."""
        environment = self.environment(**variables)
        if command[0] in FORKED and environment["PATH"].startswith(f"{BIN}{os.pathsep}"):
            return forked([command], self.path / cwd, environment)
        return subprocess.run(
            command,
            cwd=self.path / cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def ok(self, *command: str, **variables: str) -> str:
        """Run a command that must succeed and return its output."""
        done = self.run(*command, **variables)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}"
        return done.stdout

    def alembic(self, *commands: str, **variables: str) -> str:
        """Run alembic commands, each a line, which must succeed, in one process, and return their output."""
        lines = [["alembic", *shlex.split(command)] for command in commands]
        done = forked(lines, self.path, self.environment(**variables))
        assert done.returncode == 0, f"{commands}: {done.stdout}"
        return done.stdout

    def change(self, message: str, *answers: str) -> str:
        """Write a revision, clean for the linter, upgrade to it, let alembic check find nothing more; return its text.

        The answers are what -x says.
        """
        given = shlex.join(part for answer in answers for part in ("-x", answer))
        output = self.alembic(f"{given} revision --autogenerate -m '{message}'", "upgrade head", "check")
        assert "No new upgrade operations detected." in output
        self.ok("ruff", "check", "migrations")
        return next((self.path / "migrations/versions").glob(f"*_{message.replace(' ', '_')}.py")).read_text("utf-8")

    def refused(self, *answers: str) -> str:
        """Let autogenerate stop, without a traceback and without a new file, and return what it says."""
        before = sorted(self.path.glob("migrations/versions/*"))
        given = [part for answer in answers for part in ("-x", answer)]
        done = self.run("alembic", *given, "revision", "--autogenerate", "-m", "refused")
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stdout
        assert sorted(self.path.glob("migrations/versions/*")) == before
        return done.stdout

    def answered(self, typed: str, *command: str, redirected: Sequence[str] = ()) -> tuple[str, int]:
        """Run a command on a terminal on which something is typed; return what the terminal shows, and the exit code.

        ``redirected`` names the streams, of stdout and stderr, that are led into a file, which nobody reads.
        """
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        with open(os.devnull, "w") as nowhere:
            streams: dict[str, Any] = {name: nowhere if name in redirected else theirs for name in ("stdout", "stderr")}
            running = self.start(*command, stdin=theirs, **streams)
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the terminal is closed by the last process on it
            while part := os.read(ours, 4096):
                shown += part
        running.wait()
        os.close(ours)
        return shown.decode().replace("\r\n", "\n"), running.returncode

    def start(
        self,
        *command: str,
        stdin: int | None = None,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.STDOUT,
        **variables: str,
    ) -> subprocess.Popen[str]:
        """Start a command, which Ctrl-C reaches even if it does not reach the tests, and return the running process."""
        return subprocess.Popen(
            program(command),
            cwd=self.path,
            env=self.environment(**variables),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def doctor(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the doctor on the project."""
        return self.run("alembic-proof", "doctor", *arguments, **variables)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file; the text must be there. PACKAGE stands for the name of the package."""
        file = self._file(path)
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project."""
        file = self._file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def revision(self, name: str, after: str | None, upgrade: str, downgrade: str = "pass") -> None:
        """Write a revision by hand."""
        body = "\n".join(f"    {line}" for line in upgrade.splitlines())
        self.write(
            f"migrations/versions/{name}.py",
            f"import time\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = {name!r}\n"
            f"down_revision = {after!r}\n\n\ndef upgrade():\n{body}\n\n\ndef downgrade():\n    {downgrade}\n",
        )

    def _file(self, path: str) -> Path:
        return self.path / (path.replace("PACKAGE", self.package) if "PACKAGE" in path else path)


def program(command: Sequence[str]) -> Sequence[str]:
    """Return a command as a real process runs it: the library is not installed, so it has no console script."""
    if command[0] == "alembic-proof":
        return [sys.executable, "-m", "alembic_proof", *command[1:]]
    return command


def bake_into(
    directory: Path, home: Path, template: Path = REPOSITORY, accept_hooks: bool = True, **answers: Any
) -> Project:
    """Run Cookiecutter in this process, with the hooks, and return the project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        path = cookiecutter(
            str(template),
            no_input=True,
            output_dir=str(directory),
            extra_context=answers,
            default_config=True,
            accept_hooks=accept_hooks,
        )
    return Project(Path(path), home)
