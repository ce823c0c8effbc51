"""Checks of the live database, in this process, on SQLite."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.databases import rows
from support.reports import outcomes
from support.written import Written

from alembic_proof.doctor.checks.database import databases
from alembic_proof.doctor.findings import Severity
from alembic_proof.doctor.project import Project

TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer))\n'
CREATE = "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('x', sa.Integer()), {})"
MADE = CREATE.format("sa.PrimaryKeyConstraint('id', name='pk_t')")
KNOWN, LIVE, OWNERS = "live-revision-is-known", "live-matches-its-revisions", "live-tables-have-owners"
EDITED, UNFINISHED = "applied-revisions-are-unedited", "no-migration-is-unfinished"
NOTES = (
    "CREATE TABLE alembic_unfinished (position INTEGER, digest TEXT, state TEXT, columns_ TEXT)",
    "INSERT INTO alembic_unfinished VALUES (0, 'a1', 'down', 'base'), (1, '', 'done', ''), (2, '', 'failed', '')",
)
NOTHING_DONE = "DELETE FROM alembic_unfinished WHERE position = 1"
OK, PROBLEM, NOTE, SKIPPED, UNKNOWN = (
    Severity.OK,
    Severity.PROBLEM,
    Severity.NOTE,
    Severity.SKIPPED,
    Severity.UNKNOWN,
)


def upgraded(*statements: str) -> Callable[[Written], None]:
    """Upgrade, and then run statements on the database."""

    def act(written: Written) -> None:
        written.alembic("upgrade", "head")
        for statement in statements:
            rows(written.url, statement)

    return act


def executed(*statements: str) -> Callable[[Written], None]:
    """Run statements on the database, which no migration has made."""

    def act(written: Written) -> None:
        for statement in statements:
            rows(written.url, statement)

    return act


def stamped(written: Written) -> None:
    """Stamp the database without an upgrade."""
    written.alembic("stamp", "head")


def stamped_twice(written: Written) -> None:
    """Stamp the database, by hand, with a revision and the one before it."""
    written.revision("b2", "a1", "pass")
    upgraded("INSERT INTO alembic_version VALUES ('a1')")(written)


CASES: list[tuple[Callable[[Written], object], str, Severity, str]] = [
    (stamped_twice, KNOWN, PROBLEM, "it is at revision a1 and at one that comes after it"),
    (stamped_twice, KNOWN, PROBLEM, "DELETE FROM alembic_version WHERE version_num = 'a1'"),
    (stamped_twice, EDITED, UNKNOWN, "it needs live-revision-is-known"),
    (executed(), KNOWN, SKIPPED, "does not exist yet"),
    (upgraded(), KNOWN, OK, ""),
    (executed("CREATE TABLE u (i INTEGER)"), KNOWN, NOTE, "it is at no revision, behind a1"),
    (executed("CREATE TABLE t (i INTEGER)"), KNOWN, PROBLEM, "it has the tables t, but is at no revision"),
    (
        upgraded("UPDATE alembic_version SET version_num = 'gone'"),
        KNOWN,
        PROBLEM,
        "revision gone, of which there is no",
    ),
    (
        upgraded("ALTER TABLE alembic_version RENAME TO shop_version"),
        KNOWN,
        PROBLEM,
        "env.py names the version table alembic_version, but the revision is in shop_version",
    ),
    (upgraded("UPDATE alembic_version SET version_num = 'gone'"), LIVE, UNKNOWN, "it needs live-revision-is-known"),
    (upgraded(), UNFINISHED, OK, ""),
    (
        executed("CREATE TABLE t (i INTEGER)", *NOTES),
        UNFINISHED,
        PROBLEM,
        "was interrupted. The downgrade of revision a1 is unfinished: its first statement stays (",
    ),
    (executed("CREATE TABLE t (i INTEGER)", *NOTES, NOTHING_DONE), UNFINISHED, OK, ""),
    (executed("CREATE TABLE t (i INTEGER)", *NOTES), KNOWN, OK, ""),  # nobody is told to stamp it
    (upgraded(), LIVE, OK, ""),
    (executed("CREATE TABLE u (i INTEGER)"), LIVE, SKIPPED, "it is at no revision"),
    (stamped, LIVE, PROBLEM, "its revisions make the table t, it has none"),
    (
        upgraded("ALTER TABLE t ADD COLUMN y INTEGER"),
        LIVE,
        NOTE,
        "t column y: it has INTEGER; not so its revisions make",
    ),
    (upgraded(), OWNERS, OK, ""),
    (upgraded("CREATE TABLE other (i INTEGER)"), OWNERS, NOTE, "in no model, and made by no revision: other"),
    (upgraded(), "live-indexes-are-valid", SKIPPED, "it is about PostgreSQL"),
    (upgraded(), "live-enums-have-their-labels", SKIPPED, "it is about PostgreSQL"),
    (upgraded(), "dotenv-is-in-force", OK, ""),
]


@pytest.mark.parametrize(("act", "check", "severity", "words"), CASES)
def test_a_database(
    tmp_path: Path, act: Callable[[Written], object], check: str, severity: Severity, words: str
) -> None:
    """As migrations, or something else, have left it. It is only read."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    written.revision("a1", None, MADE, "op.drop_table('t')")
    act(written)
    before = (tmp_path / "x.db").read_bytes() if (tmp_path / "x.db").exists() else b""
    outcome = outcomes(Project(written.ini), check)[check]
    assert outcome.severity is severity, outcome
    assert words in f"{outcome.reason}{outcome.findings}"
    assert not before or (tmp_path / "x.db").read_bytes() == before


def test_a_database_behind_one_of_two_heads(tmp_path: Path) -> None:
    """Is told which, and the command that Alembic does not refuse."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    written.revision("a1", None, MADE, "op.drop_table('t')")
    written.revision("b2", "a1", "pass")
    written.alembic("upgrade", "b2")
    written.revision("c3", "a1", "pass")
    (finding,) = outcomes(Project(written.ini), KNOWN)[KNOWN].findings
    assert (finding.message, finding.fix) == ("it is at b2, behind c3", "alembic upgrade heads")


def test_a_database_in_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """Is not one that the next upgrade makes: every command ends there."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/no/x.db", TABLE)
    outcome = outcomes(Project(written.ini), KNOWN)[KNOWN]
    assert outcome.severity is UNKNOWN
    assert f"there is no directory {tmp_path}/no; create it, or correct the URL" in outcome.reason


def test_an_exported_variable_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the one in .env: a note says so, unless they say the same."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    for value, severity in ((written.url, OK), ("sqlite:///other.db", NOTE)):
        monkeypatch.setenv("SHOP_URL", value)
        assert outcomes(Project(written.ini), "dotenv-is-in-force")["dotenv-is-in-force"].severity is severity


def commit(written: Written) -> None:
    """Commit a project as it is."""
    for command in ("init -q", "add .", "-c user.name=x -c user.email=x@y commit -qm x"):
        subprocess.run(["git", *command.split()], cwd=written.path, check=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_is_asked_about_all_revisions_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not about each; one that was never committed, or was renamed, is not in question."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    written.chain({f"a{n}": MADE if not n else "pass" for n in range(20)})
    commit(written)
    written.revision("new", "a19", "pass")
    (written.versions / "a19.py").rename(written.versions / "moved.py")
    written.alembic("upgrade", "head")
    project, run = Project(written.ini), subprocess.run
    asked: list[list[str]] = []

    def counted(command: list[str], **options: Any) -> Any:
        asked.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    assert outcomes(project, EDITED)[EDITED].severity is OK
    assert len([command for command in asked if command[0] == "git"]) == 1


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_revision_that_was_edited(tmp_path: Path) -> None:
    """After it was committed and applied; what it looks like does not matter."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    path = written.revision("a1", None, MADE, "op.drop_table('t')")
    written.alembic("upgrade", "head")
    commit(written)
    for text, severity in (("# a comment\n", OK), ("x = 1\n", PROBLEM)):
        path.write_text(path.read_text() + text)
        assert outcomes(Project(written.ini), EDITED)[EDITED].severity is severity


def test_it_is_read_once(tmp_path: Path) -> None:
    """Whoever asks."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    rows(written.url, "CREATE TABLE t (i INTEGER)")
    project = Project(written.ini)
    assert outcomes(project, OWNERS)
    (database,) = databases(project)
    assert databases(project)[0] is database
    assert (database.tables, database.models, database.version) == ({"t"}, {"t"}, set())
    assert database.name == f"database sqlite+pysqlite:///{tmp_path}/x.db"
    assert database.own_tables == {"alembic_version", "alembic_unfinished"}


def test_the_database_is_at_an_id_that_was_edited(tmp_path: Path) -> None:
    """The file is there: nobody has to restore it."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", TABLE)
    path = written.revision("a1", None, MADE, "op.drop_table('t')")
    path.write_text(f'"""x\n\nRevision ID: a1\n"""\n{path.read_text()}')
    written.alembic("upgrade", "head")
    path.write_text(path.read_text().replace("revision = 'a1'", "revision = 'first'"))
    (finding,) = outcomes(Project(written.ini), KNOWN)[KNOWN].findings
    assert finding.where == "migrations/versions/a1.py:8"
    assert finding.fix.startswith("revision = 'a1'")
    path.write_text(path.read_text().replace("revision = 'first'", "revision = 'a1'"))
    assert outcomes(Project(written.ini), KNOWN)[KNOWN].severity is OK
