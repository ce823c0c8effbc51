"""The doctor on generated projects: broken on purpose, unusual, and with its options.

The known failures, each with a number, are in test_doctor_silent.py and test_doctor_loud.py.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import make_url
from support.breaking import (
    AUTHOR,
    BOOK,
    CONFIG,
    DISPATCH,
    ENV,
    FIRST,
    HELPER,
    INDENTED,
    MAKO,
    METADATA,
    MODELS,
    PAGES,
    SETTINGS,
    VARIABLE,
    Break,
    edit,
    first_revision,
    move,
    overriding,
    several,
    write,
)
from support.databases import SERVERS, make_database, rows
from support.project import LIBRARY, Project

from alembic_proof import __version__
from alembic_proof.doctor.checks import ORDER

SECOND_BASE = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Other(DeclarativeBase):
    pass


class Lost(Other):
    __tablename__ = "lost"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
SAME_NAME = """\
from sqlalchemy import Column, Integer, MetaData, Table

book = Table("book", MetaData(), Column("id", Integer))
"""
NEVER = "if len('x') > 1:\n    " + DISPATCH.replace("\n", "\n    ")
EVERY, REACHES = "autogenerate-sees-every-table", "env-reaches-run-migrations"
IS_MODELS, LINE = "metadata-is-the-models", "revisions-form-one-line"

# What is broken: how, the check that must say so, and words that it must say.
BROKEN: dict[str, tuple[Break[Project], str, str]] = {
    "no template": (move(MAKO, "gone"), "scripts-are-whole", "script.py.mako"),
    "a wrong setting": (edit("pyproject.toml", "database-var", "databse-var"), "library-settings-are-valid", "databse"),
    "another wheel": (
        edit("pyproject.toml", f"proof=={__version__}+", "proof==0.9.0+"),
        "library-pin-agrees",
        "0.9.0+",
    ),
    "dispatch never true": (edit(ENV, DISPATCH, NEVER), REACHES, "env.py"),
    "a model that raises": (
        write(f"{MODELS}bad.py", "raise RuntimeError('boom')"),
        REACHES,
        "models/bad.py:1: RuntimeError: boom",
    ),
    "a missing name": (edit(BOOK, "import Base", "import Base, Nope"), REACHES, "models/book.py:10: ImportError"),
    "env.py leaves": (edit(ENV, CONFIG, "raise SystemExit(0)"), REACHES, "env.py:11: it ends alembic with exit code 0"),
    "no message": (edit(ENV, CONFIG, "raise OSError"), REACHES, "OSError: without a message"),
    "no settings": (move(SETTINGS, "gone"), REACHES, "No module named 'shop.settings'"),
    "metadata None": (edit(ENV, METADATA, "target_metadata = None\n"), IS_MODELS, "is None or"),
    "a second base": (write(f"{MODELS}sub/lost.py", SECOND_BASE), IS_MODELS, "lost.py: it defines the table lost"),
    "a table's name taken": (write(f"{MODELS}other.py", SAME_NAME), IS_MODELS, "other.py: it defines the table book"),
    "objects left out": (overriding('"include_object": lambda *_: False'), EVERY, "include_object"),
    "template without body": (
        edit(MAKO, '${upgrades if upgrades else "pass"}', "pass"),
        "template-writes-revisions",
        "it does not write upgrades",
    ),
    "an incomplete downgrade": (
        several(first_revision, edit(FIRST, "    op.drop_table('author')\n", "")),
        "downgrade-leaves-nothing",
        "leaves author behind",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_found(project: Project, fault: str) -> None:
    """By the check that is about it and by no other, with a place and a fix."""
    breaks, check, words = BROKEN[fault]
    breaks(project)
    databases = list(project.path.rglob("*.db"))
    done = project.doctor("--no-live", PYTHONPATH=str(LIBRARY))
    assert list(project.path.rglob("*.db")) == databases
    assert re.findall(r"^PROBLEM +(\S+)", done.stdout, re.MULTILINE) == [check], done.stdout
    assert words in done.stdout, done.stdout
    assert "fix: " in done.stdout
    assert done.returncode == 1


UNUSUAL: dict[str, Break[Project]] = {
    "as it was made": several(),
    "a table whose name needs quotes": edit(BOOK, '__tablename__ = "book"', '__tablename__ = "order"'),
    "ternary": edit(
        ENV, DISPATCH, "(run_migrations_offline if context.is_offline_mode() else run_migrations_online)()\n"
    ),
    "variable": edit(ENV, DISPATCH, VARIABLE),
    "function": edit(ENV, DISPATCH, f"def main() -> None:\n    {INDENTED}\n\nmain()\n"),
    "another module": several(
        edit(ENV, DISPATCH, "helping.run(run_migrations_offline, run_migrations_online)\n"),
        edit(ENV, "from shop.settings import", "from shop import helping\nfrom shop.settings import"),
        write("src/PACKAGE/helping.py", HELPER),
    ),
    "try": edit(ENV, DISPATCH, f"try:\n    {INDENTED}\nexcept NameError:\n    pass\n"),
    "code after it": edit(ENV, DISPATCH, f"{DISPATCH}\nprint('done')\n"),
    "metadata in a list": edit(ENV, METADATA, "target_metadata = [Base.metadata]\n"),
    "models that the library imports": edit(f"{MODELS}__init__.py", "if not any(", "if False and any("),
    "comments": edit(ENV, DISPATCH, f"# target_metadata = None\n# Base.metadata.create_all()\n{DISPATCH}"),
    "create_all in a test": write("tests/test_x.py", "def test(metadata):", "    metadata.create_all()"),
    "another create_all": write("src/PACKAGE/shop.py", "def f(thumbnails):", "    thumbnails.create_all()"),
    "a folder without __init__": several(
        several(
            move(BOOK, f"{MODELS}deep/er/book.py"), edit(f"{MODELS}deep/er/book.py", "from .", "from shop.models.")
        ),
        edit(AUTHOR, "from .book", "from .deep.er.book"),
    ),
}


@pytest.mark.parametrize("variation", UNUSUAL)
def test_no_false_alarm(project: Project, variation: str) -> None:
    """Unusual, but correct."""
    UNUSUAL[variation](project)
    done = project.doctor("--no-live")
    assert done.returncode == 0, done.stdout
    assert "0 PROBLEM, 0 unknown" in done.stdout


def test_the_three_questions(project: Project) -> None:
    """Which tables do the models register, which are in the database, what does Alembic see?"""
    assert "does not exist yet" in project.doctor().stdout
    assert not (project.path / "shop.db").exists()
    project.alembic("revision --autogenerate -m first", "upgrade head")
    rows(f"sqlite:///{project.path}/shop.db", "DROP TABLE book")
    rows(f"sqlite:///{project.path}/shop.db", "CREATE TABLE legacy (id INTEGER)")
    output = project.doctor().stdout
    assert "The models register 2 tables: author, book" in output
    assert "has 2 tables: author, legacy; it is at " in output
    assert "In no model: legacy" in output
    assert "Alembic sees 2 differences: add_table book, add_index ix_book_author_id" in output


def test_it_sees_what_alembic_check_sees(project: Project) -> None:
    """Server defaults and CHECKs by name are among the options, foreign tables are not."""
    first_revision(project)
    project.ok("alembic", "upgrade", "head")
    project.edit(BOOK, PAGES, "    pages: Mapped[int] = mapped_column(server_default='7')\n")
    project.edit(BOOK, '"pages_positive"', '"pages_above_zero"')
    output = project.doctor().stdout
    assert "Alembic sees 3 differences: " in output
    assert "modify_default book.pages" in output


def test_it_leaves_nothing_behind(project: Project, tmp_path: Path) -> None:
    """No file in the project, none in the temporary directory."""

    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in project.path.rglob("*") if path.is_file()}

    before = files()
    (tmp_path / "tmp").mkdir()
    variables = {"TMPDIR": str(tmp_path / "tmp"), "PYTHONDONTWRITEBYTECODE": ""}
    done = project.run("python", "-m", "alembic_proof", "doctor", **variables)
    assert done.returncode == 0, done.stdout
    assert files() == before
    assert not list((tmp_path / "tmp").iterdir())


def test_without_alembic_it_says_what_it_could_not_check(project: Project) -> None:
    """The static checks run with the standard library alone; the rest is unknown, and the exit code is 2."""
    done = project.run("python", "-S", "-m", "alembic_proof", "doctor", "--config", "alembic.ini")
    assert done.returncode == 2, done.stdout
    assert "sqlalchemy is not installed for " in done.stdout
    static = sum(check.stage == "static" for check in ORDER)
    assert done.stdout.splitlines()[-1] == f"{static} ok, 0 PROBLEM, {len(ORDER) - static} unknown"


def test_one_file_to_take_along(project: Project, tmp_path: Path) -> None:
    """It needs nothing but Python, and examines a project as the library does."""
    doctor = tmp_path / "doctor.pyz"
    project.ok("alembic-proof", "doctor", "--pack", str(doctor))
    done = project.run("python", str(doctor), PYTHONPATH="")
    assert done.returncode == 0, done.stdout
    for arguments in ([], ["--config", "nowhere.ini"]):
        done = project.run("python", str(doctor), *arguments, cwd=str(tmp_path), PYTHONPATH="")
        assert done.returncode == 2
        assert re.fullmatch("There is no .*: run this in the project, .*\\n", done.stdout)


@pytest.mark.parametrize("server", ["", "garbage", "postgres://u:s3cret@127.0.0.1:1/d", "sqlite:///x.db"])
def test_a_useless_test_database_is_said(project: Project, server: str) -> None:
    """What needs it is unknown, and no password is shown."""
    done = project.doctor("--no-live", TEST_DATABASE_URL=server)
    assert done.returncode == 2
    assert "there is no scratch database: TEST_DATABASE_URL in the environment cannot be used" in done.stdout
    assert "Traceback" not in done.stdout
    assert "s3cret" not in done.stdout


NAMES_SCRATCH = "import os\nfrom pathlib import Path\nPath('scratch').write_text(os.environ['DATABASE_URL'])\n"
CATALOGUES = {
    "postgresql": "SELECT datname FROM pg_database",
    "mysql": "SELECT schema_name FROM information_schema.schemata",
}


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", SERVERS)
def test_a_scratch_database_on_a_server_is_dropped(
    project: Project, kind: str, by: signal.Signals, tmp_path: Path
) -> None:
    """Also when the doctor is interrupted. A model tells which one it was."""
    scratch = project.path / "scratch"
    with make_database(kind, tmp_path) as url:

        def is_dropped() -> bool:
            names = {name for (name,) in rows(url, CATALOGUES[kind])}
            return make_url(scratch.read_text()).database not in names

        project.write(f"{MODELS}telling.py", NAMES_SCRATCH)
        done = project.doctor("--no-live", TEST_DATABASE_URL=url)
        assert done.returncode == 0, done.stdout
        assert is_dropped()
        scratch.unlink()
        project.write(f"{MODELS}telling.py", f"{NAMES_SCRATCH}import time\ntime.sleep(60)\n")
        running = project.start("alembic-proof", "doctor", TEST_DATABASE_URL=url)
        while not scratch.exists() or not scratch.read_text():
            assert running.poll() is None, running.communicate()[0]
        running.send_signal(by)
        output = running.communicate()[0]
        assert "Traceback" not in output
        assert running.returncode == 130
        assert is_dropped()


def test_what_sqlite_cannot_tell_of_a_postgresql_project_is_unknown(project: Project, postgresql: str) -> None:
    """Without a test server, a revision that SQLite cannot run is no problem."""
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    first_revision(project)
    project.ok("alembic", "upgrade", "head")
    project.edit(BOOK, PAGES, "    pages: Mapped[int] = mapped_column(unique=True)\n")
    project.alembic("revision --autogenerate -m unique", "upgrade head")
    done = project.doctor()
    assert done.returncode == 2, done.stdout
    assert "this is a postgresql project, and the scratch database is SQLite: set TEST_DATABASE_URL" in done.stdout
    assert project.doctor(TEST_DATABASE_URL=os.environ[SERVERS["postgresql"]]).returncode == 0


def test_a_type_left_behind_is_named_with_the_line_that_drops_it(project: Project, postgresql: str) -> None:
    """PostgreSQL: a downgrade drops the table, not the enum's type."""
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    project.edit(BOOK, PAGES, f"{PAGES}    kind: Mapped[Kind]\n")
    project.edit(BOOK, "class Book", 'class Kind(enum.Enum):\n    NOVEL = "novel"\n\n\nclass Book')
    project.edit(BOOK, "from typing import", "import enum\nfrom typing import")
    first_revision(project)
    project.edit(FIRST, "    op.execute('DROP TYPE kind')\n", "")
    done = project.doctor("--no-live", TEST_DATABASE_URL=postgresql)
    assert done.returncode == 1
    assert "alembic downgrade base leaves type kind behind" in done.stdout
    assert "op.execute('DROP TYPE kind')" in done.stdout


def test_the_report_for_machines(project: Project) -> None:
    """JSON, and nothing else on the output: every check, its verdict, its findings, the answers, the exit code."""
    project.edit(ENV, DISPATCH, "")
    done = project.doctor("--json")
    report = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode == 1
    assert report["questions"]["models"] == ["author", "book"]
    checks = {check["id"]: check for check in report["checks"]}
    assert {check["stage"] for check in checks.values()} == {"static", "probe", "scratch", "live"}
    (finding,) = checks["env-runs-migrations"]["findings"]
    assert finding["where"].startswith("migrations/env.py:")
    assert DISPATCH.strip() in finding["fix"]
    assert checks["upgrade-is-committed"]["verdict"] == "unknown"
    assert checks["upgrade-is-committed"]["needs"] == "env-reaches-run-migrations"
    assert checks["env-reaches-run-migrations"]["follows"] == "env-runs-migrations"
    assert report["summary"]["problem"] == 2
    assert report["summary"]["unknown"] == sum(check["verdict"] == "unknown" for check in checks.values())


def test_one_check_alone(project: Project) -> None:
    """What it builds upon runs as well, unreported; if that fails, it is said."""
    done = project.doctor("--only", "downgrade-leaves-nothing")
    assert done.stdout.splitlines()[-1] == "1 ok, 0 PROBLEM, 0 unknown"
    project.edit(ENV, DISPATCH, "")
    done = project.doctor("--only", "downgrade-leaves-nothing")
    assert done.returncode == 1
    assert "Not looked at, because of env-reaches-run-migrations: downgrade-leaves-nothing" in done.stdout
    assert "migrations/env.py: env.py ran to its end online and offline without run_migrations()" in done.stdout
    assert project.doctor("--only", "static").returncode == 1


def test_a_file_that_does_not_parse(project: Project) -> None:
    """It is a problem where env.py imports it; what it hides is not called anything."""
    project.write(BOOK, "class Book(:\n")
    done = project.doctor("--no-live")
    assert done.returncode == 1
    assert "src/shop/models/book.py:1: it cannot be read as Python 3" in done.stdout
    assert re.findall(r"^PROBLEM +(\S+)", done.stdout, re.MULTILINE) == ["env-reaches-run-migrations"]


def test_the_live_database_is_only_read(project: Project, database: str) -> None:
    """The doctor leaves tables, rows and version as they were."""
    project.write(".env", f"DATABASE_URL={database}\n")
    first_revision(project)
    project.ok("alembic", "upgrade", "head")
    rows(database, "INSERT INTO author (name) VALUES ('한강')")
    server = {} if database.startswith("sqlite") else {"TEST_DATABASE_URL": database}
    done = project.doctor(**server)
    assert done.returncode == 0, done.stdout
    assert rows(database, "SELECT name FROM author") == [("한강",)]


def test_a_live_database_that_is_missing_is_unknown(project: Project) -> None:
    """Not sound; and the password is not shown."""
    project.write(".env", "DATABASE_URL=postgresql://shop:s3cret@127.0.0.1:1/shop\n")
    done = project.doctor()
    assert done.returncode == 2
    assert "postgresql+psycopg://shop:***@127.0.0.1:1/shop cannot be read: " in done.stdout
    assert "s3cret" not in done.stdout
    project.write(".env", "")
    done = project.doctor()
    assert done.returncode == 2
    assert "DATABASE_URL is not set, neither in the environment nor in " in done.stdout


def test_the_git_tree_stays_as_it_is(project: Project) -> None:
    """Also the index, which git itself likes to refresh."""
    git = ("git", "-c", "user.name=n", "-c", "user.email=e@x")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        project.ok(*git, *command)
    project.ok("touch", "alembic.ini")  # its time differs from the index now
    index = (project.path / ".git/index").read_bytes()
    assert project.doctor().returncode == 0
    assert (project.path / ".git/index").read_bytes() == index
    assert project.ok("git", "status", "--porcelain") == ""


RENAMED = """
import sys
from alembic import command
from alembic.script import ScriptDirectory

private, upgrade = ScriptDirectory._upgrade_revs, command.upgrade
del ScriptDirectory._upgrade_revs


def upgraded(*arguments, **options):
    ScriptDirectory._upgrade_revs = private
    upgrade(*arguments, **options)
    del ScriptDirectory._upgrade_revs


command.upgrade = upgraded
from alembic_proof import cli
sys.exit(cli.main(["doctor", "--no-live"]))
"""


def test_an_alembic_whose_private_names_have_changed(project: Project) -> None:
    """What is read from them is unknown; the rest is checked."""
    done = project.run("python", "-c", RENAMED)
    assert done.returncode == 2
    assert "this Alembic does not tell the steps of an upgrade" in done.stdout
    assert "0 PROBLEM, 1 unknown" in done.stdout.splitlines()[-1]


def test_all_that_the_doctor_says_is_in_one_stream(project: Project) -> None:
    """On stdout, with an exit code that tells problems from what is not known."""
    sound: Break[Project] = several()
    for breaks, code, summary in ((sound, 0, "0 unknown"), (write(ENV, "def run(:"), 1, "env.py")):
        breaks(project)
        command = ["python", "-m", "alembic_proof", "doctor", "--no-live"]
        done = subprocess.run(
            command, cwd=project.path, env=project.environment(), capture_output=True, encoding="utf-8"
        )
        assert (done.returncode, done.stderr) == (code, "")
        assert summary in done.stdout
