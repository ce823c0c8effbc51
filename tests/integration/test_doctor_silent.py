"""The silent half of docs/failures.md, done to a generated project: nothing of it passes unnoticed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import IntegrityError
from support.breaking import (
    AUTHOR,
    BASE,
    BOOK,
    CONNECT,
    DB,
    DISPATCH,
    ENV,
    FIRST,
    INI,
    METADATA,
    MODELS,
    NO_LOCK,
    ONLY_OFFLINE,
    ONLY_ONLINE,
    OWN_URL,
    PAGES,
    SETTINGS,
    UNDER_MAIN,
    VERSIONS,
    YEAR,
    Break,
    before_configure,
    edit,
    first_revision,
    handing,
    move,
    overriding,
    revisions,
    run,
    several,
    unregistered,
    with_version_table,
    write,
)
from support.databases import make_database, rows
from support.project import Project

Act = Break[Project]


@dataclass(frozen=True)
class Mutant:
    """How a project is broken, the check that must say so, and words that it must say."""

    breaks: Act
    check: str
    words: str
    kind: str = "sqlite"  # of its database
    live: bool = False
    verdict: str = "PROBLEM"
    exported: dict[str, str] = field(default_factory=dict)


def live_url(project: Project) -> str:
    """Return the URL of the project's database."""
    return (project.path / ".env").read_text("utf-8").partition("=")[2].strip()


def sql(*statements: str) -> Act:
    """Run statements on the project's database."""

    def act(project: Project) -> None:
        for statement in statements:
            rows(live_url(project), statement)

    return act


def revised(upgrade: str) -> Act:
    """Write a second revision by hand."""
    return several(first_revision, lambda project: project.revision("second", "a0", upgrade))


def changed(before: Act, after: Act, *between: Act) -> Act:
    """Change a model after its revision was written."""
    return several(before, first_revision, *between, after)


def thing(column: str = "Integer", args: str = "()", after: str = "") -> Act:
    """Write one more model, with a column made of these arguments, these table arguments, and what follows it."""
    return write(f"{MODELS}thing.py", THING.format(column=column, args=args, after=after))


def rebuilt(table: str, made: str) -> Act:
    """Let the first revision make something in SQL, and the second rebuild its table from a copy that lacks it."""
    end = "    # ### end Alembic commands ###\n\n\ndef downgrade"
    copy = f"copy = sa.Table({table!r}, sa.MetaData(), autoload_with=op.get_bind())\n"
    batch = f"with op.batch_alter_table({table!r}, copy_from=copy, recreate='always') as batch:\n    pass"
    return several(revised(copy + batch), edit(FIRST, end, f"    op.execute({made!r})\n{end}"))


def without_downgrade(project: Project) -> None:
    """Let the first revision's downgrade do nothing."""
    upgrade = (project.path / FIRST).read_text("utf-8").partition("def downgrade")[0]
    project.write(FIRST, f"{upgrade}def downgrade() -> None:\n    pass\n")


def failed_index(project: Project) -> None:
    """Let PostgreSQL give up an index halfway."""
    engine = create_engine(live_url(project), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY uq_name ON author (name)")


THING = """\
import enum
from sqlalchemy import *
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import mapped_column
from .base import Base

class Thing(Base):
    __tablename__ = "thing"
    id = mapped_column(Integer, primary_key=True)
    a = mapped_column({column})
    __table_args__ = {args}
{after}"""
# A settings.py that goes its own way.
OWN_SETTINGS = """\
import os
from pathlib import Path
from dotenv import dotenv_values
from sqlalchemy import make_url

ROOT = Path(__file__).resolve().parents[2]

def database_url():
    return make_url(os.environ.get("DATABASE_URL") or {otherwise})
"""
RELATIVE = write(SETTINGS, OWN_SETTINGS.format(otherwise='dotenv_values(ROOT / ".env")["DATABASE_URL"]'))
DEFAULT = write(SETTINGS, OWN_SETTINGS.format(otherwise='dotenv_values(".env").get("DATABASE_URL", "sqlite:///x.db")'))
MADE_AT_ONCE = "from shop.db import engine\nfrom .author import Author\n\nAuthor.__table__.create(engine())"
KIND: Act = several(
    edit(BOOK, "from typing import", "import enum\nfrom typing import"),
    edit(BOOK, "class Book", 'class Kind(enum.Enum):\n    NOVEL = "novel"\n\n\nclass Book'),
    edit(BOOK, PAGES, f"    kind: Mapped[Kind]\n{PAGES}"),
)
LABEL = edit(BOOK, '"novel"\n', '"novel"\n    ESSAY = "essay"\n')
LABELS = "Enum({}, native_enum=False, length=9, create_constraint=True, name='k')"
LOG_CALL = "if config.cmd_opts is not None and config.config_file_name:"
FROM_NONE = """import sqlalchemy
    with sqlalchemy.create_engine(f"sqlite:///{None}").connect() as connection:"""
CHECK = edit(BOOK, "__table_args__ = (", "__table_args__ = (CheckConstraint(\"title <> ''\", name='titled'), ")
UNFLUSHED = """\
from sqlalchemy.orm import Session, declarative_base
class Writer(declarative_base()):
    __tablename__ = 'author'
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String)
Session(op.get_bind()).add(Writer(name='Kim'))"""
BLOCK = (
    "op.execute('UPDATE book SET pages = 1')\nwith op.get_context().autocommit_block():\n    op.execute('VACUUM book')"
)
BY_HAND = "with op.batch_alter_table('book') as b:\n    b.create_check_constraint('ck_book_titled', \"title <> ''\")"
TRIGGER = "CREATE TRIGGER audit AFTER DELETE ON {} BEGIN DELETE FROM author; END"
WITH_TRIGGER = f"event.listen(Thing.__table__, 'after_create', DDL('{TRIGGER.format('thing')}'))\n"
HOOK = f"""{METADATA}

def hide(context, revision, directives):
    for script in directives:
        ops = script.upgrade_ops.ops
        ops[:] = [op for op in ops if type(op).__name__ != "ModifyTableOps"]
"""
SQLMODEL = "from sqlmodel import Field, SQLModel\n\nclass Song(SQLModel):\n    id: int | None = Field(primary_key=True)"
SEARCH_PATH = before_configure(
    'connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS app")',
    'connection.exec_driver_sql("SET search_path TO app")',
    "connection.commit()",
    'connection.dialect.default_schema_name = "app"',
)
UPGRADED: Act = several(first_revision, run("alembic", "upgrade", "head"))
COMMITTED = run("sh", "-c", "git init -q && git add . && git -c user.name=x -c user.email=x@y commit -qm x")
LONGER: Act = several(edit(FIRST, "length=254", "length=255"), edit(AUTHOR, "String(254)", "String(255)"))
PLUGINS = '"autogenerate_plugins": ["alembic.autogenerate.*", {}]'
BY_NAME = '"alembic.ext.checkconstraint_byname"'
EVERYTHING = '"include_object": None, "include_name": None'

COMPARES, MATCH, SCHEMA = "autogenerate-compares-everything", "models-match-revisions", "schema-matches-models"
RUNS, REACHES, ALONE = "env-runs-migrations", "env-reaches-run-migrations", "revisions-leave-transactions-alone"
IS_MODELS, SAME = "metadata-is-the-models", "application-uses-the-same-database"
KEEP, LIVE, TURNS = "revisions-keep-data", "live-matches-its-revisions", "migrations-take-turns"
EVERY, LOGGING = "autogenerate-sees-every-table", "env-leaves-logging-alone"
DROPS, AT_ONCE = "autogenerate would drop every table that is in no model", "would run at the same time"

MUTANTS = {
    "S01 none": Mutant(
        unregistered("book", "author"), IS_MODELS, "the model Author is in a module that env.py does not import"
    ),
    "S01 some": Mutant(unregistered("book"), IS_MODELS, "the model Book is in a module that env.py does not import"),
    "S02 in the application": Mutant(
        write("src/PACKAGE/main.py", "def f(metadata):", "    metadata.create_all()"),
        "no-table-outside-migrations",
        "main.py:2",
    ),
    "S02 by importing": Mutant(
        write(f"{MODELS}now.py", MADE_AT_ONCE), "importing-makes-no-table", "makes the tables author at once"
    ),
    "S02 nothing to write": Mutant(revisions(a1=None), MATCH, "no revision has this yet: add_table author"),
    "S02 in the database": Mutant(
        several(first_revision, sql("CREATE TABLE author (id INTEGER)")),
        "live-revision-is-known",
        "it has the tables author, but is at no revision: no migration made them",
        live=True,
    ),
    "S03": Mutant(several(first_revision, YEAR), MATCH, "no revision has this yet: add_column book.year"),
    "S04 lost": Mutant(edit(ENV, DISPATCH, ""), RUNS, "never reached online or offline"),
    "S04 under main": Mutant(edit(ENV, DISPATCH, UNDER_MAIN), RUNS, "never reached online or offline"),
    "S04 only offline": Mutant(edit(ENV, DISPATCH, ONLY_OFFLINE), RUNS, "never reached online:"),
    "S04 without parentheses": Mutant(
        edit(ENV, "    run_migrations_online()\n", "    run_migrations_online\n"),
        REACHES,
        "env.py ran to its end online",
    ),
    "S04 nothing inside": Mutant(
        edit(ENV, "    context.run_migrations()", "    pass"), REACHES, "env.py ran to its end online"
    ),
    "S06": Mutant(
        before_configure('connection.exec_driver_sql("PRAGMA user_version")'), "upgrade-is-committed", "did not commit"
    ),
    "S06 SET search_path": Mutant(
        before_configure('connection.exec_driver_sql("SET search_path TO public")'),
        "upgrade-is-committed",
        "did not commit",
        "postgresql",
    ),
    "S07": Mutant(
        revised("op.add_column('book', sa.Column('length', sa.Integer()))\nop.drop_column('book', 'pages')"),
        KEEP,
        "it drops pages and adds length: the data of pages is lost",
    ),
    "S08": Mutant(
        revised("op.create_table('tome', sa.Column('id', sa.Integer()))\nop.drop_table('book')"),
        KEEP,
        "op.rename_table('book', 'tome')",
    ),
    "S09 PostgreSQL": Mutant(
        changed(KIND, LABEL), MATCH, "change_enum kind: 'NOVEL' becomes 'NOVEL', 'ESSAY'", "postgresql"
    ),
    "S09 MariaDB": Mutant(changed(KIND, LABEL), MATCH, "modify_type book.kind", "mysql"),
    "S09 a CHECK": Mutant(
        changed(thing(LABELS.format("'x'")), thing(LABELS.format("'x', 'y'"))), MATCH, "add_constraint ck_thing_k"
    ),
    "S10": Mutant(
        several(edit(ENV, LOG_CALL, "if True:"), edit(ENV, ", disable_existing_loggers=False", "")),
        LOGGING,
        "disables the existing loggers",
    ),
    "S11": Mutant(edit(ENV, LOG_CALL, "if True:"), LOGGING, "root logger's level and handlers"),
    "S12": Mutant(
        several(RELATIVE, write(".env", "DATABASE_URL=sqlite:///x.db")),
        "same-database-from-everywhere",
        "make the path absolute",
        live=True,
    ),
    "S13": Mutant(DEFAULT, "same-database-from-everywhere", "from another working directory to sqlite: ", live=True),
    "S14 in the ini": Mutant(
        edit(INI, "[alembic]", "[alembic]\nsqlalchemy.url = sqlite:///x.db"), "no-url-in-ini", "sqlalchemy.url is set"
    ),
    "S14 in env.py": Mutant(edit(ENV, CONNECT, OWN_URL), "env-uses-database-url", "own.db"),
    "S14 in the application": Mutant(
        edit(DB, "create_engine(settings.database_url(), ", 'create_engine("sqlite:////srv/other.db", '),
        SAME,
        "leads to sqlite: /srv/other.db",
    ),
    "S15": Mutant(
        write(".env", "DATABASE_URL=sqlite:///x.db"),
        "dotenv-is-in-force",
        "unset DATABASE_URL",
        live=True,
        verdict="note",
        exported={"DATABASE_URL": "sqlite:///exported.db"},
    ),
    "S16 in the database": Mutant(
        several(UPGRADED, sql("CREATE TABLE spatial_ref_sys (id INTEGER)")),
        "live-tables-have-owners",
        "made by no revision: spatial_ref_sys",
        live=True,
        verdict="note",
    ),
    "S16": Mutant(overriding(EVERYTHING), COMPARES, DROPS),
    "S17": Mutant(overriding(f'{EVERYTHING}, "include_schemas": True'), COMPARES, DROPS, "postgresql"),
    "S18": Mutant(several(revised("pass"), YEAR), MATCH, "second.py does nothing: was --autogenerate forgotten?"),
    "S19": Mutant(revisions(a1=None, b2=None), "revisions-form-one-line", "alembic upgrade head will refuse to choose"),
    "S21": Mutant(unregistered("book"), IS_MODELS, "book.py:16: the model Book"),
    "S22": Mutant(overriding('"compare_server_default": False'), COMPARES, "compare_server_default=True"),
    "S23": Mutant(overriding(PLUGINS.format("")), COMPARES, "checkconstraint_byname"),
    "S23 its text": Mutant(
        several(first_revision, edit(BOOK, "pages > 0", "pages > 1")), MATCH, "add_constraint ck_book_pages_positive"
    ),
    "S25": Mutant(
        revised("from shop.models import Base\nBase.metadata.create_all(op.get_bind())"),
        "no-table-outside-migrations",
        "versions/second.py:",
    ),
    "S26": Mutant(
        several(
            edit(ENV, DISPATCH, ""),
            *(run("alembic", *words) for words in (["upgrade", "head"], ["check"], ["current", "--check-heads"])),
        ),
        RUNS,
        "every alembic command succeeds and does nothing",
    ),
    "S27": Mutant(overriding('"autogenerate_plugins": ["alembic_proof.*"]'), EVERY, "autogenerate_plugins"),
    "S27 an exclusion": Mutant(
        overriding(PLUGINS.format(f'{BY_NAME}, "~alembic.autogenerate.types"')), COMPARES, "modify_type"
    ),
    "S30": Mutant(
        before_configure('connection.connection.cursor().execute("PRAGMA foreign_keys=ON")'),
        "rebuilding-keeps-rows",
        "rows of book are deleted",
    ),
    "S31 a trigger": Mutant(rebuilt("book", TRIGGER.format("book")), ALONE, "second.py: rebuilding book loses audit"),
    "S31 an index": Mutant(
        rebuilt("book", "CREATE INDEX lowered ON book (lower(title))"),
        ALONE,
        "second.py: rebuilding book loses lowered",
    ),
    "S32": Mutant(
        several(first_revision, run("alembic", "stamp", "head")),
        LIVE,
        "its revisions make the table book, it has none",
        live=True,
    ),
    "S34": Mutant(
        several(UPGRADED, sql("DROP TABLE book", "DROP TABLE author")),
        LIVE,
        "its revisions make the table author, it has none",
        live=True,
    ),
    "S35": Mutant(several(UPGRADED, LONGER), LIVE, "its revisions make VARCHAR(255); it has VARCHAR(254)", live=True),
    "S35 in git": Mutant(
        several(UPGRADED, COMMITTED, edit(FIRST, "def upgrade() -> None:\n", "def upgrade() -> None:\n    print()\n")),
        "applied-revisions-are-unedited",
        "first.py: it has been edited since it was committed",
        live=True,
    ),
    "S36": Mutant(move(VERSIONS, "gone"), "scripts-are-whole", "migrations/versions: it is missing or empty"),
    "S39": Mutant(revised("op.get_bind().commit()"), ALONE, "second.py:10: it commits or rolls back by itself"),
    "S39 COMMIT": Mutant(revised("op.execute('COMMIT')"), ALONE, "second.py:10: it executes COMMIT"),
    "S40": Mutant(revised(UNFLUSHED), ALONE, "a Writer that it adds to a Session is never flushed"),
    "S41": Mutant(several(first_revision, without_downgrade), "downgrade-leaves-nothing", "leaves author, book behind"),
    "S43": Mutant(edit(ENV, CONNECT, FROM_NONE), "env-uses-database-url", "/None"),
    "S44 abstract": Mutant(
        edit(BOOK, "    __tablename__", "    __abstract__ = True\n    __tablename__"),
        IS_MODELS,
        "the model Book is __abstract__",
    ),
    "S44 SQLModel": Mutant(
        write(f"{MODELS}song.py", SQLMODEL), IS_MODELS, "the model Song has a primary key, but no table"
    ),
    "S45 primary key": Mutant(
        changed(thing("Integer, nullable=False"), thing("Integer, primary_key=True")),
        MATCH,
        "change_primary_key thing.",
    ),
    "S45 partial index": Mutant(
        changed(
            thing(args="(Index('i', 'a', sqlite_where=text('a > 1')),)"),
            thing(args="(Index('i', 'a', sqlite_where=text('a > 2')),)"),
        ),
        MATCH,
        "add_index CREATE INDEX i ON thing (a) WHERE a > 2",
    ),
    "S45 computed": Mutant(
        changed(thing("Integer, Computed('id + 1')"), thing("Integer, Computed('id + 2')")), MATCH, "add_column thing.a"
    ),
    "S45 collation": Mutant(
        changed(thing("String(9)"), thing("String(9, collation='NOCASE')")), MATCH, "modify_type thing.a"
    ),
    "S45 a trigger of the model": Mutant(changed(thing(), thing(after=WITH_TRIGGER)), SCHEMA, "trigger audit"),
    "S45 USING": Mutant(
        changed(thing(args="(Index('i', 'a'),)"), thing(args="(Index('i', 'a', postgresql_using='hash'),)")),
        MATCH,
        "add_index i",
        "postgresql",
    ),
    "S45 EXCLUDE": Mutant(
        changed(thing(), thing(args="(ExcludeConstraint(('a', '='), name='alone', using='btree'),)")),
        MATCH,
        "add_constraint alone",
        "postgresql",
    ),
    "S45 DEFERRABLE": Mutant(
        changed(thing(args="(UniqueConstraint('a'),)"), thing(args="(UniqueConstraint('a', deferrable=True),)")),
        MATCH,
        "add_constraint uq_thing_a",
        "postgresql",
    ),
    "S48": Mutant(several(revised(BY_HAND), CHECK), MATCH, "ck_book_ck_book_titled"),
    "S49": Mutant(
        several(first_revision, edit(AUTHOR, ", unique=True", "")), MATCH, "remove_constraint uq_author_email"
    ),
    "S50": Mutant(
        several(overriding(EVERYTHING), with_version_table('version_table_schema="public"')),
        EVERY,
        "is dropped with its rows",
        "postgresql",
    ),
    "S51": Mutant(several(overriding(EVERYTHING), with_version_table('version_table="shop_version"')), COMPARES, DROPS),
    "S52": Mutant(
        several(overriding('"include_schemas": False'), thing(args="{'schema': 'app'}"), first_revision),
        MATCH,
        "no revision has this yet: add_table app.thing",
        "postgresql",
    ),
    "S55": Mutant(revised(BLOCK), ALONE, "put the block into a revision of its own, or first", "postgresql"),
    "S56": Mutant(
        several(UPGRADED, sql("INSERT INTO author (id, name) VALUES (1, 'Kim'), (2, 'Kim')"), failed_index),
        "live-indexes-are-valid",
        "the index uq_name of author is INVALID",
        "postgresql",
        live=True,
    ),
    "S59": Mutant(overriding('"compare_type": False'), COMPARES, "among the options: compare_type=True"),
    "S60 placeholders": Mutant(edit(ENV, "literal_binds=True, ", ""), "offline-prints-sql", "literal_binds=True"),
    "S60 nothing": Mutant(edit(ENV, DISPATCH, ONLY_ONLINE), RUNS, "alembic upgrade head --sql prints nothing"),
    "S61 SQLite": Mutant(edit(ENV, CONNECT, NO_LOCK), TURNS, AT_ONCE),
    "S61 PostgreSQL": Mutant(edit(ENV, CONNECT, NO_LOCK), TURNS, AT_ONCE, "postgresql"),
    "S61 MariaDB": Mutant(edit(ENV, CONNECT, NO_LOCK), TURNS, AT_ONCE, "mysql"),
    "S62": Mutant(
        several(first_revision, edit(ENV, METADATA, HOOK), handing("process_revision_directives=hide"), YEAR),
        MATCH,
        "no revision has this yet: add_column book.year",
    ),
    "S62 include_object": Mutant(
        several(handing('include_object=lambda obj, name, *_: name != "year"'), first_revision, YEAR),
        SCHEMA,
        "book column year: the models describe INTEGER; the revisions build none",
    ),
}


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_silent_fault_is_found(project: Project, tmp_path: Path, fault: str) -> None:
    """By the check that is about it and by no other, in words that help."""
    mutant = MUTANTS[fault]
    problem = mutant.verdict == "PROBLEM"
    with make_database(mutant.kind, tmp_path) as url:
        project.write(".env", f"DATABASE_URL={url}\n")
        mutant.breaks(project)
        server = {} if mutant.kind == "sqlite" else {"TEST_DATABASE_URL": url}
        done = project.doctor(*([] if mutant.live else ["--no-live"]), **server, **mutant.exported)
        verdicts = re.findall(r"^(PROBLEM|note) +(\S+)", done.stdout, re.MULTILINE)
        assert (mutant.verdict, mutant.check) in verdicts, done.stdout
        assert [name for verdict, name in verdicts if verdict == "PROBLEM"] == [mutant.check] * problem, done.stdout
        assert mutant.words in done.stdout, done.stdout
        assert done.returncode == problem, done.stdout


OTHERS = [
    "CREATE TABLE somebody_elses (id INTEGER)",
    "CREATE TABLE alembic_version (version_num VARCHAR(32))",
    "CREATE SCHEMA billing",
    "CREATE TABLE billing.invoice (id INTEGER)",
]
UNUSUAL_OPTIONS: dict[str, Act] = {
    "S16": several(),
    "S17": handing("include_schemas=True"),
    "S50": with_version_table('version_table_schema="public"'),
    "S51": with_version_table('version_table="shop_version"'),
}


@pytest.mark.parametrize("fault", UNUSUAL_OPTIONS)
def test_what_is_in_no_model_is_not_dropped(project: Project, postgresql: str, fault: str) -> None:
    """Whatever the options let Alembic see: foreign tables, other schemas, another project's version table."""
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    several(UNUSUAL_OPTIONS[fault], sql(*OTHERS), first_revision)(project)
    upgrade = (project.path / FIRST).read_text("utf-8").partition("def downgrade")[0]
    assert "op.create_table('author'" in upgrade
    assert "op.drop" not in upgrade


def test_a_schema_in_the_search_path_and_in_the_models_is_one(project: Project, postgresql: str) -> None:
    """S53: foreign keys to its tables are the same ones, whether its name is said or not."""
    project.write(".env", f"DATABASE_URL={postgresql}\n")
    several(
        edit(BASE, "MetaData(\n", 'MetaData(\n        schema="app",\n'),
        edit(BOOK, '"author.id"', '"app.author.id"'),
        with_version_table('version_table_schema="app"'),
        SEARCH_PATH,
        UPGRADED,
        run("alembic", "check"),
    )(project)
    done = project.doctor("--no-live", TEST_DATABASE_URL=postgresql)
    assert done.returncode == 0, done.stdout


def test_a_renamed_table_keeps_its_rows(project: Project, sqlite: str) -> None:
    """S08: autogenerate asks, and writes the rename."""
    project.write(".env", f"DATABASE_URL={sqlite}\n")
    renamed: Act = several(edit(AUTHOR, '= "author"', '= "writer"'), edit(BOOK, '"author.id"', '"writer.id"'))
    several(UPGRADED, sql("INSERT INTO author (id, name) VALUES (1, 'Kim')"), renamed)(project)
    assert "-x rename=author:writer" in project.run("alembic", "revision", "--autogenerate", "-m", "writer").stdout
    project.alembic("-x rename=author:writer revision --autogenerate -m writer", "upgrade head")
    assert rows(sqlite, "SELECT name FROM writer") == [("Kim",)]


def test_a_linter_unregisters_no_model(project: Project) -> None:
    """S21: there is no import that looks unused."""
    before = {path: path.read_bytes() for path in project.path.rglob("*.py")}
    project.ok("ruff", "check", "--fix", "--unsafe-fixes", "--isolated", "--select", "F401", ".")
    assert {path: path.read_bytes() for path in project.path.rglob("*.py")} == before


@pytest.mark.parametrize(
    "test", ["test_a_book_is_found_by_its_author", "test_model_definitions_match_ddl", "test_the_doctor_finds_nothing"]
)
def test_the_tests_of_a_project_run_its_migrations(project: Project, test: str) -> None:
    """S03, S19: a model without its migration fails where it is used, and where the schema is compared."""
    several(first_revision, YEAR)(project)
    done = project.run("pytest", "-k", test, PYTEST_PLUGINS="alembic_proof.testing.plugin")
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_rows_changed_outside_of_a_transaction_are_changed_once(project: Project, kind: str, tmp_path: Path) -> None:
    """S61: several replicas, and a revision that gives up its transaction but not its turn."""
    table, update = "op.create_table('t', sa.Column('x', sa.Integer()))", "op.execute('UPDATE t SET x = x + 1')"
    project.revision("a1", None, f"{table}\nop.execute('INSERT INTO t VALUES (1)')")
    project.revision("b1", "a1", f"with op.get_context().autocommit_block():\n    {update}\n    time.sleep(1)")
    with make_database(kind, tmp_path) as url:
        migrators = [project.start("alembic", "upgrade", "head", DATABASE_URL=url) for _ in range(3)]
        outputs = [(migrator.communicate()[0], migrator.returncode) for migrator in migrators]
        assert [code for _, code in outputs] == [0] * 3, outputs
        assert rows(url, "SELECT x FROM t") == [(2,)]
