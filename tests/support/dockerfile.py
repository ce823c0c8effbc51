"""What a Dockerfile does, done without a container engine: each of its steps as a command, below a directory."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]

from .interpreters import PASSED_ON
from .project import LIBRARY

Instruction = tuple[str, str]  # its name, and what follows it on its line


def instructions(file: Path) -> list[Instruction]:
    """Return the instructions of a Dockerfile, without comments."""
    parsed = DockerfileParser(fileobj=BytesIO(file.read_bytes())).structure
    return [(each["instruction"], each["value"]) for each in parsed if each["instruction"] != "COMMENT"]


class Image:
    """What a Dockerfile makes of a project, with the directories of the image below another one.

    :param installs: whether what it installs is installed; otherwise what the tests have takes its place, in less time.
    """

    def __init__(self, project: Path, root: Path, installs: bool) -> None:
        self.project, self.root, self.installs = project, root, installs
        self.directory = root
        self.command: list[str] = []
        self.health: list[str] = []
        python = "{}.{}".format(*sys.version_info)
        self.arguments = {"PYTHON": python}  # of --build-arg: the image's Python is that of the tests
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        quick = {"PIP_NO_COMPILE": "1", "PIP_CACHE_DIR": str(Path.home() / ".cache/pip")}
        self.variables = {**quick, **PASSED_ON, "HOME": str(root), "PATH": path}
        for name, value in instructions(project / "Dockerfile"):
            getattr(self, f"_{name.lower()}")(value)

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment that a container has."""
        instead = {
            "PYTHONPATH": f"{self.project / 'src'}:{LIBRARY}",
            "ALEMBIC_CONFIG": str(self.project / "alembic.ini"),
        }
        return {**self.variables, **({} if self.installs else instead), **variables}

    def _placed(self, text: str) -> str:
        """Return a text with the values of the arguments, and with the paths of the image below the directory."""
        for name, value in self.arguments.items():
            text = text.replace(f"${{{name}}}", value)
        return re.sub(r"(?<![\w/.])/(?=venv|build)", f"{self.root}/", text)

    def _from(self, value: str) -> None:
        assert re.fullmatch(r"python:\$\{PYTHON\}-slim( AS build)?", value)
        self.directory = self.root

    def _arg(self, value: str) -> None:
        assert value.partition("=")[0] in self.arguments

    def _workdir(self, value: str) -> None:
        self.directory = Path(self._placed(value))
        self.directory.mkdir()

    def _copy(self, value: str) -> None:
        if value == "--from=build /venv /venv":  # both stages have one directory here
            return
        *sources, target = shlex.split(value)
        for source in (self.project / source for source in sources):
            if source.is_dir():
                shutil.copytree(source, self.directory / target)
            else:
                shutil.copy(source, self.directory / target)

    def _run(self, value: str) -> None:
        if not self.installs:
            return
        if value.startswith("useradd "):  # the user of an image, and none of this machine
            assert "--uid=" in value
            return
        # What this machine has fetched once, it need not fetch again; in an image, that would only take up room.
        command = ["sh", "-ec", self._placed(value).replace(" --no-cache-dir", "")]
        done = subprocess.run(
            command, cwd=self.directory, env=self.variables, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8"
        )
        assert done.returncode == 0, f"{value}\n{done.stdout}"

    def _env(self, value: str) -> None:
        for name, text in (part.split("=", 1) for part in shlex.split(value)):
            self.variables[name] = self._placed(text).replace("$PATH", self.variables["PATH"])

    def _user(self, value: str) -> None:
        assert value.isdigit()

    def _expose(self, value: str) -> None:
        assert value.isdigit()

    def _healthcheck(self, value: str) -> None:
        self.health = json.loads(value.partition(" CMD ")[2])

    def _cmd(self, value: str) -> None:
        self.command = json.loads(value)
