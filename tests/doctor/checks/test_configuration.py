"""Checks of alembic.ini, pyproject.toml, and files that cannot be read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from alembic_proof.doctor.checks.configuration import (
    files_parse,
    ini_has_its_logging,
    ini_leads_to_scripts,
    no_password_in_ini,
    no_url_in_ini,
    options_have_one_meaning,
    scripts_are_whole,
)
from alembic_proof.doctor.findings import Note, Problem
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.registry import Check
from alembic_proof.errors import UndeterminedError

Lay = Callable[[dict[str, str]], Project]
HEAD = "[alembic]\nscript_location = %(here)s/migrations\n"
SOUND = {"migrations/env.py": "x = 1\n", "migrations/script.py.mako": "x\n"}
LOGGING = "[loggers]\nkeys = root, sqlalchemy\n[handlers]\nkeys=console\n[formatters]\nkeys : generic\n"
SECTIONS = "[logger_root]\n[logger_sqlalchemy]\n[handler_console]\n[formatter_generic]\n"
FILE_CONFIG = {"migrations/env.py": "fileConfig(config.config_file_name)\n"}
VARIABLE = {"pyproject.toml": '[tool.alembic-proof]\ndatabase-variable = "SHOP_URL"\n'}
URL = {"alembic.ini": f"{HEAD}sqlalchemy.url = sqlite:///x.db\n"}

# What is written, and the findings: where and a part of the message.
CASES: list[tuple[Check, dict[str, str], list[tuple[str, str]]]] = [
    (files_parse, SOUND, []),
    (
        files_parse,
        {"models.py": "import sqlalchemy\nclass (:"},
        [("models.py:2", "it cannot be read as Python")],
    ),
    (files_parse, {"notes.py": "class (:"}, []),
    (files_parse, {**SOUND, "migrations/env.py": "x = 1\0"}, [("migrations/env.py", "it has null bytes")]),
    (ini_leads_to_scripts, SOUND, []),
    (scripts_are_whole, SOUND, []),
    (scripts_are_whole, {"migrations/env.py": "x = 1"}, [("migrations/script.py.mako", "it is missing or empty")]),
    (ini_leads_to_scripts, {**SOUND, "migrations/env.py": " \n"}, [("migrations/env.py", "it is missing or empty")]),
    (ini_leads_to_scripts, {**SOUND, "alembic.ini": "[alembic]\n"}, [("alembic.ini", "it has no script_location")]),
    (ini_leads_to_scripts, {**SOUND, "alembic.ini": "[a]\n[a]\n"}, [("alembic.ini:2", "it cannot be read: Duplicate")]),
    (
        ini_leads_to_scripts,
        {**SOUND, "alembic.ini": f"{HEAD}timezone = UTC\ntimezone = CET\n"},
        [("alembic.ini:4", "it cannot be read: DuplicateOptionError: timezone is set twice")],
    ),
    (
        ini_leads_to_scripts,
        {**SOUND, "alembic.ini": f"{HEAD}<<<<<<< HEAD\ntimezone = UTC\n=======\ntimezone = CET\n>>>>>>> b\n"},
        [("alembic.ini:3", "it has the markers of a merge conflict")],
    ),
    (
        ini_leads_to_scripts,
        {**SOUND, "alembic.ini": f"{HEAD}timezone\n"},
        [("alembic.ini:3", "it cannot be read: Pars")],
    ),
    (
        scripts_are_whole,
        {**SOUND, "alembic.ini": f"{HEAD}version_locations = %(here)s/a\n"},
        [("a", "it is missing or empty")],
    ),
    (
        scripts_are_whole,
        {**SOUND, "alembic.ini": f"{HEAD}\nversion_locations = %(here)s/migrations/version\n"},
        [("alembic.ini:4", "version_locations names migrations/version, which is missing")],
    ),
    (ini_has_its_logging, {"alembic.ini": HEAD + LOGGING + SECTIONS, **FILE_CONFIG}, []),
    (ini_has_its_logging, {"alembic.ini": HEAD}, []),  # nobody reads it
    (
        ini_has_its_logging,
        {"alembic.ini": HEAD + LOGGING + SECTIONS.replace("[handler_console]\n", ""), **FILE_CONFIG},
        [("alembic.ini", "it has no section [handler_console]")],
    ),
    (
        ini_has_its_logging,
        {"alembic.ini": HEAD, **FILE_CONFIG},
        [("alembic.ini", f"it has no section [{name}]") for name in ("formatters", "handlers", "loggers")],
    ),
    (options_have_one_meaning, SOUND, []),
    (
        options_have_one_meaning,
        {"pyproject.toml": '[tool.alembic]\nscript_location = "elsewhere"\n'},
        [("alembic.ini", "script_location is set here and differently in pyproject.toml")],
    ),
    (
        options_have_one_meaning,
        {"alembic.ini": f"{HEAD}prepend_sys_path = my src\n"},
        [("alembic.ini", "without path_separator, prepend_sys_path is split")],
    ),
    (options_have_one_meaning, {"alembic.ini": f"{HEAD}prepend_sys_path = my src\npath_separator = os\n"}, []),
    (options_have_one_meaning, {"alembic.ini": f"{HEAD}prepend_sys_path = . migrations\n"}, []),  # two directories
    (
        options_have_one_meaning,
        {"alembic.ini": f"{HEAD}sqlalchemy.url = sqlite:///100%.db\n", "migrations/env.py": "get_section()"},
        [("alembic.ini:3", "sqlalchemy.url has a % in it")],
    ),
    (options_have_one_meaning, {"alembic.ini": f"{HEAD}sqlalchemy.url = x://%(USER)s@h/d\n"}, []),  # env.py sets it
    (options_have_one_meaning, {"alembic.ini": f"{HEAD}file_template = %%(rev)s\n"}, []),
    (
        ini_leads_to_scripts,
        {**SOUND, "alembic.ini": "[alembic]\nscript_location = %(here)s/migration\n"},
        [("alembic.ini:2", "script_location names migration, which is missing")],
    ),
    (
        options_have_one_meaning,
        {"alembic.ini": f"{HEAD}sqlalchemy.url = sqlite:///x.db  # dev\n"},
        [("alembic.ini:3", "the comment at the end of the line belongs to the value of sqlalchemy.url")],
    ),
    (options_have_one_meaning, {"alembic.ini": f"{HEAD}version_path_separator = os  # as Alembic 1.13 wrote\n"}, []),
    (options_have_one_meaning, {"alembic.ini": f"{HEAD}sqlalchemy.url = x://u:p#a;b@h/d\n"}, []),
    (
        options_have_one_meaning,
        {"alembic.ini": f"{HEAD}path_separator = os\n  sqlalchemy.url = sqlite:///x.db\n"},
        [("alembic.ini:4", "begins with a space, and so belongs to the value of path_separator above it")],
    ),
    (options_have_one_meaning, {"alembic.ini": f"{HEAD}own =\n  a = b\n"}, []),
    (options_have_one_meaning, {"alembic.ini": f"{HEAD}version_locations =\n  a\n  b\npath_separator = newline\n"}, []),
    (
        scripts_are_whole,
        {**SOUND, "alembic.ini": f"{HEAD}version_locations = %(here)s/migrations,%(here)s/a\npath_separator = os\n"},
        [("alembic.ini:3", "as one directory: it is split at ")],
    ),
    (
        no_url_in_ini,
        {**VARIABLE, **URL},
        [("alembic.ini", "sqlalchemy.url is set, but the application reads SHOP_URL")],
    ),
    (no_url_in_ini, VARIABLE, []),
]


# What is in a file that no command can read, and what is said: where, what, and the fix.
UNREADABLE: list[tuple[str, bytes, str, str, str]] = [
    ("alembic.ini", b"\xef\xbb\xbf[alembic]\n", "alembic.ini:1", "it begins with a byte order mark", "without BOM"),
    ("alembic.ini", b"[alembic]\n# f\xfc\n", "alembic.ini:2", "it is not saved as UTF-8", "save it as UTF-8"),
    ("pyproject.toml", b"\xef\xbb\xbf[tool.alembic]\n", "pyproject.toml:1", "a byte order mark", "without BOM"),
    ("pyproject.toml", b"[tool.alembic]\nx = '\xfc'\n", "pyproject.toml:2", "not saved as UTF-8", "save it as UTF-8"),
    ("pyproject.toml", b"[tool.alembic]\nx = y\n", "pyproject.toml:2", "it is no TOML: Invalid", "mend this line"),
    (
        "pyproject.toml",
        b"[tool.alembic]\n<<<<<<< HEAD\n=======\n>>>>>>> b\n",
        "pyproject.toml:2",
        "the markers of a merge conflict",
        "keep one side",
    ),
]


@pytest.mark.parametrize(("name", "text", "where", "message", "fix"), UNREADABLE)
def test_a_configuration_that_cannot_be_read(
    tmp_path: Path, name: str, text: bytes, where: str, message: str, fix: str
) -> None:
    """Is named with its line, and with what is wrong with it."""
    (tmp_path / name).write_bytes(text)
    (finding,) = ini_leads_to_scripts.find(Project(tmp_path / name))
    assert finding.where == where
    assert message in finding.message
    assert fix in finding.fix


def test_links_that_lead_nowhere(lay: Lay) -> None:
    """A lock of Emacs is none of the project's files; a revision that is one stops every command."""
    project = lay({"models.py": "import sqlalchemy\n", **SOUND})
    for name in (".#models.py", "migrations/versions/.#a1.py", "migrations/versions/b2.py"):
        (project.root / name).symlink_to("nowhere")
    (finding,) = files_parse.find(project)
    assert (finding.where, finding.fix) == (
        "migrations/versions/b2.py",
        "restore the file to which it leads, or delete the link",
    )


def test_a_revision_in_another_encoding(tmp_path: Path) -> None:
    """Is to be saved as UTF-8: its line is not wrong in this Python only."""
    (tmp_path / "alembic.ini").write_text(HEAD)
    revision = tmp_path / "migrations/versions/a1.py"
    revision.parent.mkdir(parents=True)
    revision.write_bytes('\n"""B\xfccher"""\n'.encode("latin-1"))
    (finding,) = files_parse.find(Project(tmp_path / "alembic.ini"))
    assert (finding.where, finding.fix) == ("migrations/versions/a1.py:2", "save it as UTF-8")


@pytest.mark.parametrize(("check", "files", "expected"), CASES)
def test_findings(lay: Lay, check: Check, files: dict[str, str], expected: list[tuple[str, str]]) -> None:
    """Each has a place, what is wrong, and a fix."""
    findings = list(check.find(lay(files)))
    assert [finding.where for finding in findings] == [where for where, _ in expected]
    assert all(message in finding.message for finding, (_, message) in zip(findings, expected, strict=True))
    assert all(finding.fix for finding in findings)


def test_what_nobody_imports_may_be_broken(lay: Lay) -> None:
    """It is a note; env.py and revisions have to be Python."""
    assert [type(finding) for finding in files_parse.find(lay({"models.py": "import sqlalchemy\nclass (:"}))] == [Note]
    for name in ("migrations/env.py", "migrations/versions/a1.py"):
        findings = list(files_parse.find(lay({"models.py": "", name: "import alembic\nclass (:"})))
        assert [(type(finding), finding.where) for finding in findings] == [(Problem, f"{name}:2")]
        (lay({}).root / name).unlink()


def test_another_section(lay: Lay) -> None:
    """Is offered, not taken."""
    with pytest.raises(
        UndeterminedError, match=r"it has no \[alembic\], but \[shop\]: name the one to use with -n shop"
    ):
        list(ini_leads_to_scripts.find(lay({"alembic.ini": "[shop]\nscript_location = migrations\n"})))


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://shop:s3cret@db/shop", True),
        ("driver://user:pass@localhost/dbname", False),  # as alembic init writes it
        ("postgresql://shop@db/shop", False),
        ("postgresql://%(user)s:%(password)s@db/shop", False),
        ("sqlite:///a:b@c.db", False),
    ],
)
def test_a_password_that_is_committed(lay: Lay, url: str, found: bool) -> None:
    """It is a note, with its place and without the password."""
    project = lay({"alembic.ini": f"{HEAD}sqlalchemy.url = {url}\n"})
    assert not list(no_password_in_ini.find(project))  # git does not keep it
    for command in ("init -q", "add alembic.ini"):
        subprocess.run(["git", *command.split()], cwd=project.root, check=True)
    findings = list(no_password_in_ini.find(project))
    assert [finding.where for finding in findings] == ["alembic.ini:3"] * found
    assert "s3cret" not in f"{findings}"
