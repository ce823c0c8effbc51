"""The targets of a fleet: where they are written down, and which of them one command is about."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from ..errors import ProofError, SettingsError, first_line
from ..url import parse

# A name, a URL, and perhaps a schema. Names may have blanks: the URL begins where its dialect is named.
_LINE = re.compile(r"(?P<name>\S.*?)\s+(?P<url>[A-Za-z][\w+]*:/\S.*?)(\s+schema=(?P<schema>\S+))?\s*")


class TargetsError(ProofError):
    """The targets of a fleet cannot be read, or two of them cannot be told apart."""


@dataclass(frozen=True)
class Target:
    """A database that is migrated, or one schema of a PostgreSQL database.

    The URL is not shown where the object is printed. A database without a schema is its default one.
    """

    name: str
    url: str | URL = field(repr=False)
    schema: str | None = None

    @property
    def address(self) -> URL:
        """Return the URL as an object; of a target that was read it is complete, with a driver that is installed."""
        return self.url if isinstance(self.url, URL) else parse(self.url, source=self.name, root=None)


def from_file(lines: Iterable[str], source: str, root: Path) -> list[Target]:
    """Return the targets of a file: on each line a name and a URL, and for a schema of PostgreSQL ``schema=NAME``.

    Empty lines and those that begin with # do not count. Relative paths of SQLite start at the root. Raises
    TargetsError, which shows no URL, and SettingsError.
    """
    targets = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise TargetsError(
                f"{source}, line {number}: write a name, a blank and a URL, as in: north sqlite:///north.db"
            )
        if " #" in match["url"]:  # which could be a part of an SQLite path
            raise TargetsError(f"{source}, line {number}: a comment (#) needs a line of its own.")
        targets.append(_checked(match["name"], match["url"], match["schema"], f"{source}, line {number}", root))
    return _distinct(targets, source)


def from_function(name: str, root: Path) -> list[Target]:
    """Return what a function of the project returns, given as ``package.module:function``.

    It returns Target objects, or tuples of a name, a URL and perhaps a schema. Raises TargetsError.
    """
    module, _, function = name.partition(":")
    try:
        with redirect_stdout(sys.stderr):  # the standard output is for the report
            found: Any = list(getattr(import_module(module), function)())
    except (Exception, SystemExit) as error:
        raise TargetsError(f"targets = {name!r}: {type(error).__name__}: {first_line(error)}") from None
    targets = []
    for item in found:
        parts = (item.name, item.url, item.schema) if isinstance(item, Target) else item
        if not isinstance(parts, (tuple, list)) or len(parts) not in (2, 3):
            raise TargetsError(f"{name} must return a Target, or a name, a URL and perhaps a schema, for each of them.")
        schema = parts[2] if len(parts) == 3 else None
        targets.append(_checked(str(parts[0]), parts[1], schema, name, root))
    return _distinct(targets, name)


def _checked(name: str, url: Any, schema: Any, source: str, root: Path) -> Target:
    """Return a target with a complete URL."""
    if not name.strip() or not name.isprintable():
        raise TargetsError(f"{source}: {name!r} is no name: a name can be printed, and is not empty.")
    for value, what, kinds in ((url, "URL", (str, URL)), (schema, "schema", (str, type(None)))):
        if not isinstance(value, kinds):
            raise TargetsError(f"{source}: the {what} of {name} is no text but {type(value).__name__}.")
    text = url.render_as_string(hide_password=False) if isinstance(url, URL) else url
    if " " in text and text is url and not text.startswith("sqlite"):
        raise TargetsError(f"{source}: after the URL of {name} only schema=NAME may follow, and no blank is in either.")
    address = parse(text, source=f"The URL of {name} ({source})", root=root)
    if schema is not None and address.get_backend_name() != "postgresql":
        raise TargetsError(f"{source}: {name} names the schema {schema}; only PostgreSQL has schemas in a database.")
    if schema == "$user":  # on a search_path also where it is quoted
        raise TargetsError(f"{source}: {name} names the schema $user: PostgreSQL takes it for the name of the user.")
    return Target(name, address, schema)


def _distinct(targets: list[Target], source: str) -> list[Target]:
    """Return the targets, if no two of them have one name."""
    names: set[str] = set()
    for target in targets:
        if target.name in names:
            raise TargetsError(f"{source} has two targets that are called {target.name}: give each its own name.")
        names.add(target.name)
    return targets


@dataclass(frozen=True)
class Shard:
    """One of several equal parts of a fleet, each for another machine.

    A target belongs to a part by a hash of its name, so that a new one moves no other. Numbers begin with 1.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str, environment: Mapping[str, str] = os.environ) -> Shard:
        """Return the part that ``2/5`` means; ``auto``, ``auto/5`` where variables of a job runner tell it.

        Raises SettingsError.
        """
        given, _, of = text.partition("/")
        numbers = (given, of)
        if given == "auto":
            numbers = _of_environment(environment, of)
        if not all(part.isdecimal() for part in numbers) or not 1 <= int(numbers[0]) <= int(numbers[1]):
            what = "write which of how many parts, as in 2/5 (1/5 is the first)"
            if given == "auto":
                what = f"the job runner says that this is part {'/'.join(numbers)}: give as many parts as it has jobs"
            raise SettingsError(f"--shard {text}: {what}.")
        return cls(int(numbers[0]), int(numbers[1]))

    def has(self, target: Target) -> bool:
        """Tell whether a target is in this part."""
        digest = hashlib.sha256(target.name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


# For each job runner: the variable with the number of this job, what its first job is called, and that with how many.
_RUNNERS = (
    ("JOB_COMPLETION_INDEX", 0, ""),  # Kubernetes, an Indexed Job: it does not tell how many
    ("CI_NODE_INDEX", 1, "CI_NODE_TOTAL"),  # GitLab
    ("CIRCLE_NODE_INDEX", 0, "CIRCLE_NODE_TOTAL"),
    ("BUILDKITE_PARALLEL_JOB", 0, "BUILDKITE_PARALLEL_JOB_COUNT"),
)


def _of_environment(environment: Mapping[str, str], of: str) -> tuple[str, str]:
    for index, first, total in _RUNNERS:
        parts = of or environment.get(total, "")
        if environment.get(index, "").isdecimal() and parts:
            return str(int(environment[index]) + 1 - first), parts
    names = ", ".join(index for index, *_ in _RUNNERS)
    raise SettingsError(
        f"--shard auto: no variable tells which part this is ({names}). Where only the number is told, as in "
        "Kubernetes, write how many parts there are: --shard auto/5."
    )


def select(
    targets: Iterable[Target], only: Sequence[str] = (), exclude: Sequence[str] = (), shard: Shard | None = None
) -> list[Target]:
    """Return those targets whose names fit a pattern such as ``mall-*``, and are in the part.

    Raises TargetsError for a pattern that fits none: it is probably misspelled.
    """
    found = list(targets)
    for pattern in (*only, *exclude):
        if not any(_fits(target.name, pattern) for target in found):
            raise TargetsError(f"No target is called {pattern}: the names are {', '.join(_some(found))}.")

    def wanted(name: str) -> bool:
        included = not only or any(_fits(name, pattern) for pattern in only)
        return included and not any(_fits(name, pattern) for pattern in exclude)

    chosen = [target for target in found if wanted(target.name)]
    if not chosen:
        raise TargetsError("There are no targets: nothing was done.")
    return [target for target in chosen if shard is None or shard.has(target)]


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def _some(targets: list[Target], most: int = 5) -> Iterator[str]:
    yield from (target.name for target in targets[:most])
    if len(targets) > most:
        yield f"and {len(targets) - most} more"
