"""A collection of small projects, each one text file: what is expected of the doctor, and the files that a person has.

The head of such a file is TOML. It is followed by the project's files, each after a line ``-- path --``.

- ``about``: one sentence.
- ``environment``: variables that the project expects. ``{}`` stands for its directory.
- ``server``: ``"postgresql"``, where the project needs one: DATABASE_URL names an empty database there.
- ``fresh``: whether it needs a process of its own instead of one that has imported SQLAlchemy already.
- ``prepare``: commands that bring it into the state in which the doctor finds it.
- ``prove``: commands of Alembic that succeed if the project is sound; the default is upgrade and check.
- ``doctor``: the doctor's arguments, a list for each time that it is run; the default is to run it once without any.
- ``notes``: the ids of the checks that may report a note.
- ``expect``: for a broken one, of the first cause: the ``check`` (one of several), ``where`` (one of several) as file
  and line, and words of the ``message`` and of the ``fix``.
- ``repair``: what a reader of the fix does, in steps: ``file`` with ``old`` and ``new``, with ``text``, with ``to``
  (it is moved) or with ``delete``; or ``run``, a command; or ``environment``, or ``unset``, a variable.
- ``todo``: why the doctor does not meet the expectation yet.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .foreign import Foreign
from .reports import report_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CORPUS = Path(__file__).parents[1] / "corpus"
_FILE = re.compile(r"^-- (\S+) --\n", re.MULTILINE)
_SCRIPT = "#!{}\nimport sys\nfrom alembic_proof.cli.entry import run\nsys.exit(run())\n"


@dataclass(frozen=True)
class Case:
    """A project of the collection, and what is expected of the doctor."""

    name: str
    head: dict[str, Any]
    files: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Case:
        """Read one file of the collection."""
        head, *parts = _FILE.split(path.read_text("utf-8"))
        return cls(path.stem, tomllib.loads(head), dict(zip(parts[::2], parts[1::2], strict=True)))

    @property
    def todo(self) -> str:
        """Why the doctor does not meet the expectation yet."""
        return str(self.head.get("todo", ""))

    def make(self, path: Path, home: Path, **environment: str) -> Living:
        """Write its files, and run the commands that prepare it."""
        path.mkdir(parents=True)
        for name, text in self.files.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        living = Living(path, home, environment, case=self)
        living.know(self.head.get("environment", {}))
        for command in self.head.get("prepare", ()):
            living.ok(*shlex.split(command))
        return living


def cases(kind: str) -> list[Case]:
    """Return the sound or the broken projects."""
    return [Case.read(path) for path in sorted((CORPUS / kind).glob("*.txt"))]


@dataclass(frozen=True)
class Living(Foreign):
    """A project of the collection, written to a directory."""

    case: Case = Case("", {}, {})

    def run(self, *command: str, cwd: str = ".", **variables: str) -> Any:
        """Run a command; in a process of its own where the project asks for that."""
        if self.case.head.get("fresh") and command[0] == "alembic-proof":
            script = self.path.parent / "bin/alembic-proof"  # as pip makes it: the working directory is not on its path
            script.parent.mkdir(exist_ok=True)
            script.write_text(_SCRIPT.format(sys.executable), "utf-8")
            command = (sys.executable, str(script), *command[1:])
        elif self.case.head.get("fresh"):
            command = (str(self.tools / command[0]), *command[1:])
        return super().run(*command, cwd=cwd, **variables)

    def know(self, variables: dict[str, str]) -> None:
        """Let it expect these variables."""
        self.variables.update({name: value.replace("{}", str(self.path)) for name, value in variables.items()})

    def prove(self) -> None:
        """Let Alembic itself say that the project is sound."""
        for command in self.case.head.get("prove", ("alembic upgrade heads", "alembic check")):
            self.ok(*shlex.split(command))

    def reports(self, *arguments: str) -> list[dict[str, Any]]:
        """Return the doctor's reports, run as the project's people run it."""
        return [
            report_of(self.run("alembic-proof", "doctor", "--json", *own, *arguments))
            for own in self.case.head.get("doctor", [[]])
        ]

    def repair(self) -> None:
        """Do what the fix says."""
        for step in self.case.head["repair"]:
            file = self.path / step.get("file", "")
            if "run" in step:
                self.ok(*shlex.split(step["run"]))
            elif "environment" in step:
                self.variables.update(
                    {name: v.replace("{}", str(self.path)) for name, v in step["environment"].items()}
                )
            elif "unset" in step:
                del self.variables[step["unset"]]
            elif "delete" in step:
                shutil.rmtree(file) if file.is_dir() else file.unlink()
            elif "to" in step:
                (self.path / step["to"]).parent.mkdir(parents=True, exist_ok=True)
                file.rename(self.path / step["to"])
            elif "text" in step:
                self.write(step["file"], step["text"])
            else:
                self.edit(step["file"], step["old"], step["new"])
