"""Checks of alembic.ini, pyproject.toml, and whether the project's files can be read at all."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from ...errors import UndeterminedError
from ..failures import unreadable, unreadable_configuration, unreadable_toml
from ..findings import Finding, Note, Problem
from ..project import Project
from ..registry import check


@check("files-parse", "static")
def files_parse(project: Project) -> Iterable[Finding]:
    """Every Python file about the database parses

    One that does not hides whatever is wrong in it. Of env.py or a revision, it stops every alembic command.
    """
    for path in (path for directory in project.versions for path in sorted(directory.glob("*.py"))):
        if not path.exists() and not path.name.startswith(".#"):  # that one Alembic passes over
            message = "it is a link to a file that is not there: every command ends here"
            yield Problem(project.name(path), message, "restore the file to which it leads, or delete the link")
    needed = [path for path in (project.env, *project.revision_files) if path.is_file()]
    for path in dict.fromkeys([*needed, *project.database_files]):
        error = project.syntax_error(path)
        if error is not None and path in needed:
            yield Problem(*unreadable(project, error))
        elif error is not None:
            where, message, _ = unreadable(project, error)
            yield Note(where, message, "nothing, if nobody imports it: the other checks pass over it")


@check("ini-leads-to-scripts", "static", essential=True)
def ini_leads_to_scripts(project: Project) -> Iterable[Finding]:
    """The configuration leads to env.py

    Without it, no alembic command does anything.
    """
    configuration = project.configuration
    if configuration.unread:
        yield _no_ini(project)
    elif not project.options.get("script_location") and not project.env.is_file():
        if configuration.sections:
            raise UndeterminedError(f"{configuration.error}: name the one to use with -n {configuration.sections[0]}")
        if configuration.file == configuration.toml and (problem := unreadable_toml(project)):
            yield problem
            return
        fix = "give it a section [alembic] with script_location = %(here)s/migrations"
        yield Problem(project.name(configuration.file), configuration.error or "it has no script_location", fix)
    elif similar := _similar_scripts(project):
        message = f"script_location names {project.name(project.scripts)}, which is missing"
        yield Problem(project.place_of_option("script_location"), message, f"did you mean {project.name(similar)}?")
    elif _is_empty(project.env):
        yield Problem(project.name(project.env), "it is missing or empty", _RESTORE)


def _no_ini(project: Project) -> Finding:
    """Return the finding about an alembic.ini that no command can read."""
    ini, configuration = project.ini, project.configuration
    if problem := unreadable_configuration(project, ini):
        return problem
    is_double = configuration.error.endswith("is set twice")
    fix = "delete one of the two lines" if is_double else "mend this line: in an ini it is [section] or name = value"
    return Problem(project.name(ini, configuration.unread), configuration.error, fix)


def _similar_scripts(project: Project) -> Path | None:
    """Return a directory with an env.py whose name is like that of the one that is missing; None if there is none."""
    if project.scripts.exists():
        return None
    beside = {path.parent.name: path.parent for path in project.scripts.parent.glob("*/env.py")}
    return next((beside[name] for name in get_close_matches(project.scripts.name, beside, 1)), None)


@check("scripts-are-whole", "static", requires=("ini-leads-to-scripts",))
def scripts_are_whole(project: Project) -> Iterable[Finding]:
    """script.py.mako and versions/ lie beside env.py

    Where versions/ is missing, as git keeps no empty directory and an image may leave it out, alembic upgrade head
    succeeds and does nothing.
    """
    template = project.scripts / "script.py.mako"
    if _is_empty(template):
        yield Problem(project.name(template), "it is missing or empty", _RESTORE)
    for path in filter(_is_empty, project.versions):
        if len(parts := re.split("[,;: ]+", str(path))) > 1 and any(map(os.path.isdir, parts)):
            message = (
                f"version_locations names {path}, as one directory: it is split at {project.configuration.separator!r}"
            )
            fix = f"write {project.configuration.separator!r} between the directories, or set path_separator"
            yield Problem(project.place_of_option("version_locations"), message, fix)
            continue
        siblings = [other.name for other in path.parent.glob("*") if other.is_dir()]
        if similar := get_close_matches(path.name, siblings, 1):
            message = f"version_locations names {project.name(path)}, which is missing"
            yield Problem(
                project.place_of_option("version_locations"),
                message,
                f"did you mean {project.name(path.with_name(similar[0]))}?",
            )
        else:
            fix = "make the directory, with a .gitkeep: git keeps no empty directories"
            yield Problem(project.name(path), "it is missing or empty", fix)


_RESTORE = "restore it from version control"


def _is_empty(path: Path) -> bool:
    """Tell whether there is nothing at a path, or a file without text."""
    return not path.exists() or (path.is_file() and not path.read_text(encoding="utf-8", errors="replace").strip())


@check("ini-has-its-logging", "static", library=True)
def ini_has_its_logging(project: Project) -> Iterable[Finding]:
    """alembic.ini has the logging sections that it names

    Without one of them, fileConfig() in env.py fails with a KeyError in every alembic command.
    """
    text = project.ini.read_text(encoding="utf-8", errors="replace") if project.ini.is_file() else ""
    if project.env.is_file() and b"fileConfig" in project.env.read_bytes():
        lists = re.findall(r"^\[(logger|handler|formatter)s\]\s*keys *[=:] *(.*)", text, re.MULTILINE)
        named = {f"{kind}_{key.strip()}" for kind, keys in lists for key in keys.split(",") if key.strip()}
        existing = set(re.findall(r"^\[(\w+)\]", text, re.MULTILINE))
        for section in sorted(({"loggers", "handlers", "formatters"} | named) - existing):
            message = f"it has no section [{section}]"
            yield Problem(project.name(project.ini), message, "restore it from version control")


@check("options-have-one-meaning", "static")
def options_have_one_meaning(project: Project) -> Iterable[Finding]:
    """No option is set twice, split where it should not be, or read in another way than it is written

    What alembic.ini says wins over pyproject.toml. Without path_separator, Alembic splits prepend_sys_path at spaces,
    commas and colons.
    """
    for name in project.configuration.mistaken:
        message = f"{name} has a % in it, which configparser takes for a reference to another option"
        text = project.env.read_text("utf-8", "replace") if project.env.is_file() else ""
        kind = Problem if name in text or "get_section(" in text or "." not in name else Note  # somebody reads it
        yield kind(project.place_of_option(name), message, "write %% in place of %")
    yield from _mixed_lines(project)
    for name in project.configuration.conflicting:
        toml = project.name(project.configuration.toml)
        message = f"{name} is set here and differently in {toml}: this one is used"
        yield Problem(project.name(project.ini), message, "delete one of them")
    path = project.options.get("prepend_sys_path", "")
    parts = [project.ini.parent / part for part in re.split("[ ,:]+", path) if part]
    meant = all(part.is_dir() for part in parts)  # before path_separator, that was how to name several
    if project.ini.is_file() and not project.options.get("path_separator") and re.search(r"[ ,]", path) and not meant:
        message = "without path_separator, prepend_sys_path is split at its spaces and commas"
        yield Problem(project.name(project.ini), message, "add the line: path_separator = os")


_PLACES = ("script_location", "version_locations", "prepend_sys_path", "sqlalchemy.url")
_OPTION = rf"^({'|'.join(map(re.escape, _PLACES))}|path_separator|file_template|timezone)\s*="


def _mixed_lines(project: Project) -> Iterable[Finding]:
    """Yield each place in alembic.ini where a value has more in it than it seems: a comment, or the next option."""
    for name in project.options if project.ini.is_file() else ():
        first, *others = project.options[name].splitlines() or [""]
        if name in _PLACES and re.search(r"\s[#;]\s", first):
            message = f"the comment at the end of the line belongs to the value of {name}: an ini has none there"
            yield Problem(project.place_of_option(name), message, "give it a line of its own")
        for option in re.findall(_OPTION, "\n".join(others), re.MULTILINE):
            message = f"the line begins with a space, and so belongs to the value of {name} above it"
            yield Problem(project.place_of_option(option), message, f"begin it in the first column: {option} = ...")


@check("no-url-in-ini", "static", setting="database_variable")
def no_url_in_ini(project: Project) -> Iterable[Finding]:
    """The database URL has one home, and it is not alembic.ini

    With two homes, the application and its migrations sooner or later work on two databases.
    """
    if project.options.get("sqlalchemy.url"):
        variable = project.settings.database_variable
        message = f"sqlalchemy.url is set, but the application reads {variable}: they will name two databases"
        yield Problem(project.name(project.ini), message, f"delete the line, and put the URL into .env as {variable}")


@check("no-password-in-ini", "static")
def no_password_in_ini(project: Project) -> Iterable[Finding]:
    """No configuration file that is committed has the password of a database

    Whoever can read the repository, now or later, can then read the database.
    """
    for file in (project.configuration.ini, project.configuration.toml):
        lines = file.read_text("utf-8", errors="replace").splitlines() if file.is_file() else []
        for number, line in enumerate(lines, 1):
            if _PASSWORD.match(line) and _is_committed(file):
                fix = "let env.py take the URL from the environment, and change the password"
                yield Note(project.name(file, number), "a URL with a password is committed here", fix)


# An option with a URL that has a password; not the one of ``alembic init``, nor one that is put in from elsewhere.
_PASSWORD = re.compile(r"\s*[\w.]+\s*[=:]\s*[\"']?(?!driver:)[\w+]+://[^:/@\s]*:(?!%\(|\$|\{)[^@\s]+@")


def _is_committed(file: Path) -> bool:
    """Tell whether git keeps a file."""
    command = ["git", "-C", str(file.parent), "ls-files", "--error-unmatch", file.name]
    with contextlib.suppress(OSError):
        return not subprocess.run(command, capture_output=True).returncode
    return False
