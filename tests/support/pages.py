"""A page of docs/, followed as it is printed: its files are written, its commands are run.

- A block that begins with ``# path`` is that file; of a block of ``diff``, lines with ``-`` become those with ``+``.
- Each line of a block of ``sh`` is a command, perhaps after variables. It succeeds, unless ``# stops`` is behind it.
- Each line of a block of ``text`` is somewhere in the output of the commands before it.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from .project import REPOSITORY, Project

_BLOCK = re.compile(r"^```(\w+)\n(?:# (\S*[./]\S*)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"[A-Z_]+=")


@dataclass
class Page:
    """A page, and the project in which it is followed."""

    name: str
    project: Project
    replaced: dict[str, str] = field(default_factory=dict)  # what the page prints, and what stands here in its place
    output: str = ""  # of the last block of commands

    def steps(self, first: str = "", last: str = "") -> list[tuple[str, str, str]]:
        """Return the blocks, of the sections from one heading to another: language, path, text."""
        text = (REPOSITORY / "docs" / self.name).read_text("utf-8")
        start = text.index(f"\n## {first}\n") if first else 0
        end = text.index(f"\n## {last}\n") if last else len(text)
        return _BLOCK.findall(text[start:end])

    def follow(self, first: str = "", last: str = "") -> None:
        """Do what the page says, from one heading up to another one."""
        for language, path, printed in self.steps(first, last):
            text = printed
            for old, new in self.replaced.items():
                text = text.replace(old, new)
            if language == "sh":
                self.output = "".join(map(self._run, filter(None, text.splitlines())))
            elif language == "text":
                missing = [line for line in text.splitlines() if line.strip() not in self.output]
                assert not missing, f"{missing} in {self.output}"
            elif language == "diff":
                self._change(self.project.path / path, text)
            elif path:
                self.project.write(path, text)

    def _run(self, line: str) -> str:
        command, _, comment = line.partition("  # ")
        words = shlex.split(command)
        variables = {}
        while _VARIABLE.match(words[0]):
            name, _, value = words.pop(0).partition("=")
            variables[name] = value
        for pattern in [word for word in words if "*" in word]:
            at = words.index(pattern)
            words[at : at + 1] = [str(path) for path in sorted(self.project.path.glob(pattern))] or [pattern]
        done = self.project.run(*words, **variables)
        assert (done.returncode != 0) is comment.startswith("stops"), f"{line}: {done.stdout}"
        assert "Traceback" not in done.stdout, done.stdout
        return str(done.stdout)

    def _change(self, file: Path, diff: str) -> None:
        """Change a file as a diff without places says: each part of it is in the file once."""
        text = file.read_text("utf-8")
        for part in re.split(r"^ *\.\.\.\n", diff, flags=re.MULTILINE):
            lines = part.splitlines()
            old, new = ("".join(f"{line[1:]}\n" for line in lines if line[:1] in (sign, " ", "")) for sign in "-+")
            assert text.count(old) == 1, f"{old!r} in {text}"
            text = text.replace(old, new)
        file.write_text(text, "utf-8")
