"""Revisions that production would feel are found, with their lines; those that are nearly like them are not."""

import os
import re
from pathlib import Path

import pytest
from conftest import SERVERS, Bake, Project
from test_doctor import BOOK

TABLES = """\
op.create_table("author", sa.Column("id", sa.Integer, primary_key=True))
op.create_table(
    "book",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("author_id", sa.Integer),
    sa.Column("title", sa.String(200)),
    sa.Column("pages", sa.Integer),
)
op.create_foreign_key("fk_known", "book", "author", ["author_id"], ["id"])
op.create_index("ix_known", "book", ["author_id"])"""
FILL = 'op.execute("UPDATE book SET rating = 1 WHERE rating IS NULL")'
AUTOCOMMIT = "with op.get_context().autocommit_block():\n    "

# By name a revision, and what must be said of it.
LOUD = {
    "type": (
        'op.alter_column("book", "pages", type_=sa.BigInteger)',
        "rewrites book; meanwhile nobody can read or write book\n",
    ),
    "shorter": ('op.alter_column("book", "title", type_=sa.String(20))', "rewrites book"),
    "index": ('op.create_index("ix", "book", ["title"])', "reads all of book; meanwhile nobody can write book\n"),
    "index_alone": (f'{AUTOCOMMIT}op.create_index("ix2", "book", ["title"])', "meanwhile nobody can write book\n"),
    "unique": ('op.create_unique_constraint("uq", "book", ["title"])', "meanwhile nobody can read or write book\n"),
    "check": ('op.create_check_constraint("ck", "book", "pages > 0")', "meanwhile nobody can read or write book\n"),
    "foreign_key": (
        'op.create_foreign_key("fk", "book", "author", ["pages"], ["id"])',
        "reads all of book; meanwhile nobody can write author, book\n",
    ),
    "foreign_key_with_index": (
        'op.create_foreign_key("fk2", "book", "author", ["author_id"], ["id"])',
        "reads all of book; meanwhile nobody can write author, book\n",
    ),
    "new_key": (  # Alembic adds the foreign key in a second statement
        'op.add_column("book", sa.Column("c", sa.Integer, sa.ForeignKey("author.id")))',
        "nobody can read or write book and nobody can write author\n",
    ),
    "not_null": ('op.alter_column("book", "title", nullable=False)', "'the_column IS NOT NULL'"),
    "default_by_row": (
        'op.add_column("book", sa.Column("lot", sa.Float, server_default=sa.text("random()")))',
        "without a default that differs from row to row",
    ),
    "serial": ('op.execute("ALTER TABLE book ADD COLUMN number SERIAL")', "rewrites book"),
    "three_steps": (
        f'op.add_column("book", sa.Column("rating", sa.Integer))\n{FILL}\n'
        'op.alter_column("book", "rating", nullable=False)',
        "reads all of book; meanwhile nobody can read or write book, locked since line 10\n",
    ),
    "validated_at_once": (
        'op.create_check_constraint("ck2", "book", "pages > 0", postgresql_not_valid=True)\n'
        'op.execute("ALTER TABLE book VALIDATE CONSTRAINT ck_book_ck2")',
        "the same in a revision of its own",
    ),
    "another_table": (
        'op.add_column("author", sa.Column("born", sa.Integer))\nop.execute("UPDATE book SET pages = 1")',
        "reads all of book; meanwhile nobody can read or write author, locked since line 10\n",
    ),
    "reindex": ('op.execute("REINDEX TABLE book")', "REINDEX ... CONCURRENTLY"),
    "required": ('op.add_column("book", sa.Column("must", sa.Integer, nullable=False))', "fails if the table has rows"),
    "cascade": ('op.execute("TRUNCATE author CASCADE")', "this empties every table that refers to it"),
    "renamed": ('op.alter_column("book", "pages", new_column_name="length")', "uses the old name"),
    "renamed_and_indexed": (
        'op.rename_table("book", "tome")  # breaks book\nop.create_index("ix3", "tome", ["title"])\n'
        'op.rename_table("tome", "book")  # breaks tome',
        "reads all of tome; meanwhile nobody can read or write tome, locked since line 10\n",
    ),
    "renamed_table": ('op.rename_table("author", "writer")', "a comment in the revision: # breaks author"),
}
QUIET = {
    "nothing": "pass",
    "nullable": 'op.add_column("book", sa.Column("rating", sa.Integer))',
    "fill": FILL,
    "constant": 'op.add_column("book", sa.Column("a", sa.Integer, server_default="3", nullable=False))',
    "now": 'op.add_column("book", sa.Column("b", sa.DateTime, server_default=sa.func.now(), nullable=False))',
    "wider": 'op.alter_column("book", "title", type_=sa.String(300))',
    "text": 'op.alter_column("book", "title", type_=sa.Text)',
    "nullable_key": 'op.execute("ALTER TABLE book ADD COLUMN c INTEGER REFERENCES author (id)")',
    "new_table": 'op.create_table("shelf", sa.Column("id", sa.Integer, primary_key=True), sa.Column("book_id", '
    'sa.Integer, sa.ForeignKey("book.id")), sa.Column("x", sa.Integer))\n'
    'op.create_index("ix_shelf", "shelf", ["x"])\n'
    'op.create_unique_constraint("uq_shelf", "shelf", ["x"])\n'
    'op.execute("UPDATE shelf SET x = 1")\n'
    'op.alter_column("shelf", "x", nullable=False)\n'
    'op.alter_column("shelf", "x", new_column_name="y")',
    "concurrently": f'{AUTOCOMMIT}op.create_index("ix", "book", ["title"], postgresql_concurrently=True)',
    "concurrently_unique": f'{AUTOCOMMIT}op.create_index("uq", "book", ["a"], unique=True, '
    "postgresql_concurrently=True)",
    "unique_by_index": 'op.execute("ALTER TABLE book ADD CONSTRAINT uq UNIQUE USING INDEX uq")',
    "not_valid": 'op.create_check_constraint("ck", "book", "pages IS NOT NULL", postgresql_not_valid=True)\n'
    'op.create_foreign_key("fk", "book", "author", ["pages"], ["id"], postgresql_not_valid=True)',
    "valid": 'op.execute("ALTER TABLE book VALIDATE CONSTRAINT ck_book_ck")\n'
    'op.execute("ALTER TABLE book VALIDATE CONSTRAINT fk")',
    "not_null": 'op.alter_column("book", "pages", nullable=False)',
    "seed": 'op.execute("INSERT INTO author (id) VALUES (1)")\n'
    'op.execute("INSERT INTO book (id, pages) VALUES (7, 1)")\n'
    'op.execute("ANALYZE book")',
    "one_row": 'op.add_column("author", sa.Column("d", sa.Integer))\n'
    'op.execute("UPDATE book SET pages = 1 WHERE id = 7")',
    "default": 'op.alter_column("book", "pages", server_default="3")',
    "null": 'op.alter_column("book", "pages", nullable=True)',
    "drop_index": 'op.drop_index("ix")',
    "drop_column": 'op.drop_column("book", "title")  # destroys data',
    "truncate": 'op.execute("TRUNCATE shelf")',
    "enum": f"{AUTOCOMMIT}op.execute(\"CREATE TYPE mood AS ENUM ('a')\")",
    "enum_label": f"{AUTOCOMMIT}op.execute(\"ALTER TYPE mood ADD VALUE 'b'\")",
    "vacuum": f'{AUTOCOMMIT}op.execute("VACUUM book")',
    "drop_table": 'op.drop_table("shelf")  # destroys data',
}


def server(kind: str) -> str:
    """Return the URL of a server, or skip the test."""
    if SERVERS[kind] not in os.environ:
        pytest.skip(f"needs a {kind} server: set {SERVERS[kind]} to the URL of a database on it (see README.md)")
    return os.environ[SERVERS[kind]]


def lint(project: Project, kind: str, *arguments: str, **variables: str) -> tuple[int, str]:
    """Lint a project's revisions on a server; return the exit code and the output."""
    variables["TEST_DATABASE_URL"] = server(kind)
    done = project.run("python", "-m", f"{project.package}.db", "lint", *arguments, **variables)
    return done.returncode, done.stdout


def chain(project: Project, revisions: dict[str, str]) -> None:
    """Write revisions, one after the other, after one that makes the tables."""
    before = None
    for name, upgrade in {"tables": TABLES, **revisions}.items():
        project.revision(name, before, upgrade)
        before = name


def test_what_makes_production_wait_is_found(project: Project) -> None:
    """With its line, what would be felt, the safe way, and the comment that lets it pass."""
    chain(project, {name: upgrade for name, (upgrade, _) in LOUD.items()})
    code, said = lint(project, "postgresql")
    assert code == 1, said
    findings = dict.fromkeys(LOUD, "")
    for text in re.split(r"^(?=migrations)", said, flags=re.MULTILINE)[1:]:
        findings[Path(text.partition(":")[0]).stem] += text
    assert {name for name, (_, words) in LOUD.items() if words not in findings.get(name, "")} == set(), said
    assert all("\n    instead: " in text and "comment in the revision: # " in text for text in findings.values())
    assert re.findall(r"three_steps\.py:(\d+):", said) == ["11", "12"]


def test_what_nobody_feels_is_quiet(project: Project) -> None:
    """The safe ways, new tables, and what needs a strong lock for a moment only."""
    chain(project, QUIET)
    code, said = lint(project, "postgresql")
    assert code == 0, said
    assert f"0 findings in {said.split()[3]} statements of {len(QUIET)} revisions, on postgresql" in said


def test_what_autogenerate_writes(project: Project, postgresql: str) -> None:
    """New tables and a nullable column are quiet; a column that is filled and then becomes NOT NULL is not."""
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    project.alembic("revision --autogenerate -m first", "upgrade head")
    pages = "    pages: Mapped[int]\n"
    project.edit(BOOK, pages, f"{pages}    isbn: Mapped[str | None] = mapped_column(String(13))\n")
    project.alembic("revision --autogenerate -m isbn", "upgrade head")
    assert lint(project, "postgresql")[0] == 0
    project.edit(BOOK, pages, f"{pages}    rating: Mapped[int] = mapped_column(default=3)\n")
    project.ok("alembic", "revision", "--autogenerate", "-m", "rating")
    code, said = lint(project, "postgresql")
    assert code == 1
    assert said.count("_rating.py:") == said.count("\n    instead: ") == 2
    assert "meanwhile nobody can read or write book, locked since line" in said


def test_a_comment_lets_a_reviewed_finding_pass(project: Project) -> None:
    """For the tables that it names, in its own revision, and for nothing else."""
    key = 'op.create_foreign_key("fk", "book", "author", ["pages"], ["id"])'
    index = 'op.create_index("ix", "book", ["title"])'
    name = 'op.alter_column("book", "pages", new_column_name="length")'
    chain(project, {"a": f"# locks book, author: a thousand rows\n{key}\n{index}", "b": f"{name}  # breaks book"})
    assert lint(project, "postgresql")[0] == 0
    chain(project, {"a": f"{key}  # locks book", "b": f"{index}  # breaks book", "c": f"{name}  # locks book"})
    code, said = lint(project, "postgresql")
    assert code == 1
    assert re.findall(r"(\w)\.py:(\d+)", said) == [("a", "10"), ("b", "10"), ("c", "10")]


def test_since_leaves_out_what_has_passed(project: Project) -> None:
    """A project that comes with revisions begins with the next one."""
    chain(project, {"a": 'op.create_index("ix", "book", ["title"])', "b": 'op.create_index("ix2", "book", ["title"])'})
    code, said = lint(project, "postgresql", "--since", "a")
    assert (code, "b.py:10" in said, "a.py" in said) == (1, True, False)
    assert lint(project, "postgresql", "--since", "b")[0] == 0
    code, said = lint(project, "postgresql", "--since", "nowhere")
    assert code == 2
    assert "unknown: alembic upgrade stops: Can't locate revision identified by 'nowhere'" in said


def test_a_revision_that_fails_is_named(project: Project) -> None:
    """What was not looked at is not fine."""
    chain(project, {"a": 'op.drop_column("book", "nothing")'})
    code, said = lint(project, "postgresql")
    assert code == 2
    assert "unknown: alembic upgrade stops at migrations/versions/a.py:10:" in said
    assert "Traceback" not in said
    project.edit("migrations/env.py", "    run_migrations_online()\n", "    pass\n")
    code, said = lint(project, "postgresql")
    assert (code, said) == (2, "unknown: no revision executes anything: run the doctor, which knows why\n")


def test_without_squawk_it_says_what_was_not_looked_at(project: Project, tmp_path: Path) -> None:
    """What is measured is reported all the same."""
    chain(project, {"a": 'op.rename_table("author", "writer")'})
    hidden = "import shutil\nshutil.which = lambda *_, **__: None\n"
    project.write("hidden/sitecustomize.py", hidden)
    path = f"{project.path / 'hidden'}{os.pathsep}{project.path / 'src'}"
    code, said = lint(project, "postgresql", PYTHONPATH=path)
    assert code == 2
    assert "pip install squawk-cli" in said
    chain(project, {"a": 'op.create_index("ix", "book", ["title"])'})
    code, said = lint(project, "postgresql", PYTHONPATH=path)
    assert (code, "a.py:10" in said) == (1, True)


def test_on_mariadb_it_says_what_the_server_refuses(project: Project) -> None:
    """What it can do at once, or while others write, is quiet; so is a table that the revision itself makes."""
    loud = {
        "type": 'op.alter_column("book", "pages", existing_type=sa.Integer, type_=sa.BigInteger)',
        "shorter": 'op.alter_column("book", "title", type_=sa.String(20))',
        "foreign_key": 'op.create_foreign_key("fk", "author", "book", ["born"], ["id"])',
        "check": 'op.create_check_constraint("ck", "book", "pages > 0")',
    }
    quiet = {
        "column": 'op.add_column("book", sa.Column("x", sa.Integer, server_default="3", nullable=False))',
        "index": 'op.create_index("ix", "book", ["x"])\nop.drop_index("ix", "book")',
        "wider": 'op.alter_column("book", "title", existing_type=sa.String(20), type_=sa.String(30))',
        "named": 'op.alter_column("book", "x", existing_type=sa.Integer, new_column_name="y")\n'
        'op.rename_table("book", "books")',
        "new": 'op.create_table("t", sa.Column("x", sa.Integer))\nop.alter_column("t", "x", type_=sa.BigInteger)',
        "reviewed": 'op.alter_column("books", "y", type_=sa.BigInteger)  # locks books',
    }
    chain(project, {"born": 'op.add_column("author", sa.Column("born", sa.Integer))', **loud, **quiet})
    code, said = lint(project, "mysql")
    assert code == 1, said
    assert re.findall(r"(\w+)\.py:10: (?:copies|locks)", said) == list(loud), said
    assert "copies book; meanwhile nobody can write book (the server says: Cannot change column type)" in said


def test_sqlite_is_left_alone_and_a_server_is_needed_for_others(project: Project) -> None:
    """One sentence each."""
    command = ("python", "-m", f"{project.package}.db", "lint")
    done = project.run(*command)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert done.stdout.startswith("ok: on SQLite")
    done = project.run(*command, DATABASE_URL="postgresql://nobody@localhost/nothing")
    assert (done.returncode, done.stdout.count("\n")) == (2, 1)
    assert "set TEST_DATABASE_URL to a database on such a server" in done.stdout
    done = project.run(*command, TEST_DATABASE_URL="postgresql://nobody:secret@localhost:1/nothing")
    assert (done.returncode, "secret" in done.stdout) == (2, False)
    assert "TEST_DATABASE_URL cannot be used" in done.stdout


@pytest.mark.parametrize(("database", "has"), [("sqlite", (0, 0)), ("postgresql", (1, 1)), ("mysql", (1, 0))])
def test_ci_runs_it_where_the_database_is_a_server(bake: Bake, database: str, has: tuple[int, int]) -> None:
    """And installs squawk where that is PostgreSQL."""
    project = bake(database=database)
    ci, toml = (
        project.path.joinpath(name).read_text("utf-8") for name in (".github/workflows/ci.yml", "pyproject.toml")
    )
    assert (ci.count(".db lint"), toml.count("squawk-cli")) == has
    assert "\n\n\n" not in ci
    assert ci.endswith("\n")
    assert not ci.endswith("\n\n")
