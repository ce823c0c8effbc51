"""The loud half of docs/failures.md: every failure that can be heard ends in a sentence that helps."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.breaking import (
    BASE,
    BOOK,
    CONFIG,
    CONNECT,
    ENV,
    INI,
    METADATA,
    NO_LOCK,
    PAGES,
    VERSIONS,
    Break,
    before_configure,
    chain,
    edit,
    first_revision,
    handing,
    overriding,
    revisions,
    several,
    write,
)
from support.databases import make_database, rows
from support.foreign import Foreign, environ, init, make_plain
from support.project import LIBRARY, Project
from support.reports import helps, report_of

Act = Break[Project]
PG, MY, LITE = "postgresql", "mysql", "sqlite"


def after_first(upgrade: str) -> Act:
    """Autogenerate a first revision, and write a second by hand."""
    return several(first_revision, lambda project: project.revision("b2", "a0", upgrade))


def batch(operation: str) -> str:
    """Return an operation on the table t in a batch."""
    inside = operation.replace("'t', ", "")
    return f"with op.batch_alter_table('t') as batch:\n    batch.{inside}"


def toml(line: str) -> Act:
    """Add a line to [tool.alembic], and that section to pyproject.toml where it is missing."""

    def act(project: Project) -> None:
        text, section = (project.path / "pyproject.toml").read_text("utf-8"), "[tool.alembic]\n"
        text = text.replace(section, section + line) if section in text else f"{text}\n{section}{line}\n"
        project.write("pyproject.toml", text)

    return act


T = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.String(9)))\n"
NULLS = f"{T}op.execute('INSERT INTO t (id) VALUES (1), (2)')"
TWINS = f"{T}op.execute(\"INSERT INTO t VALUES (1, 'abcd'), (2, 'abcd')\")"
PARENT = "op.create_table('p', sa.Column('id', sa.Integer(), primary_key=True))"
ADD = "op.add_column('t', sa.Column('y', sa.Integer(), nullable=False))"
TIGHTEN, UNIQUE = "alter_column('t', 'x', existing_type=sa.String(9), ", "create_unique_constraint('uq', 't', ['x'])"
CHECK, KEY = "create_check_constraint('ck', 't', \"x > 'b'\")", "create_foreign_key('fk', 't', 'p', ['id'], ['id'])"
INDEX, MOOD = "op.create_index('ix', 't', ['x'])", "sa.Column('mood', sa.Enum('a', 'b', name='mood'))"
TYPE = "op.execute(\"CREATE TYPE mood AS ENUM ('a', 'b')\")"
GROW = "op.execute(\"ALTER TYPE mood ADD VALUE 'c'\")\nop.execute(\"INSERT INTO t VALUES ('c')\")"
TYPED = f"{TYPE}\nop.execute('CREATE TABLE t (m mood)')"
IN_ENGINE = f"{T}from shop.db import engine\nengine().connect()"
BOUND = "op.get_bind().execute(sa.text({!r}), {{'x': 'a'}})"
ASKING = "op.get_bind().execute(sa.text('SELECT 1')).fetchall()"
ASKS_OPTION = f"{METADATA}\n\ndef tidy(*_: object) -> None:\n    config.cmd_opts.autogenerate\n"
EMPTYING = "process_revision_directives=lambda c, r, ds: ds.clear() if ds[0].upgrade_ops.is_empty() else None"
IMPORT = edit(BOOK, "from sqlalchemy import Check", "import sqlalchemy as sa\nfrom sqlalchemy import Check")
CRASH, REACH, ROWS, DOUBLE = (
    "upgrade-is-committed",
    "env-reaches-run-migrations",
    "existing rows",
    "it is created twice",
)
FILL, DUPLICATES = "nullable=True, fill it with op.execute()", "remove the duplicates with op.execute()"
BEFORE, MATCH, URL_INI = "a revision before this one create it", "models-match-revisions", "do not pass the URL through"
BLOCK, NO_BIND = "with op.get_context().autocommit_block()", "DDL takes no bind parameters"
ALONE, LINE = "revisions-leave-transactions-alone", "revisions-form-one-line"
GETATTR = "getattr(config.cmd_opts, 'autogenerate', False)"

# By its number in the catalogue, what is broken: on which database, how, the check that must say so, and the help.
MUTANTS: dict[str, tuple[str, Act, str, str]] = {
    "L01": (PG, edit(ENV, CONNECT, NO_LOCK), "migrations-take-turns", "with connect(config, database_url)"),
    "L03": (LITE, revisions(a1=None, b2="a1", c3="a1"), LINE, "alembic merge heads"),
    "L04": (LITE, chain(T, ADD), "revisions-keep-data", FILL),
    "L04 PostgreSQL": (PG, chain(NULLS, f"{ADD}  # destroys data"), CRASH, FILL),
    "L04 SQLite": (LITE, chain(NULLS, f"{ADD}  # destroys data"), CRASH, FILL),
    "L05 null PostgreSQL": (PG, chain(NULLS, f"op.{TIGHTEN}nullable=False)"), CRASH, FILL),
    "L05 null MariaDB": (MY, chain(NULLS, f"op.{TIGHTEN}nullable=False)"), CRASH, ROWS),
    "L05 null SQLite": (LITE, chain(NULLS, batch(f"{TIGHTEN}nullable=False)")), CRASH, FILL),
    "L05 unique PostgreSQL": (PG, chain(TWINS, f"op.{UNIQUE}"), CRASH, DUPLICATES),
    "L05 unique MariaDB": (MY, chain(TWINS, f"op.{UNIQUE}"), CRASH, DUPLICATES),
    "L05 unique SQLite": (LITE, chain(TWINS, batch(UNIQUE)), CRASH, DUPLICATES),
    "L05 cast": (PG, chain(TWINS, f"op.{TIGHTEN}type_=sa.Integer())"), CRASH, "postgresql_using="),
    "L05 cast PostgreSQL": (
        PG,
        chain(TWINS, f"op.{TIGHTEN}type_=sa.Integer(), postgresql_using='x::integer')"),
        CRASH,
        ROWS,
    ),
    "L05 cast MariaDB": (MY, chain(TWINS, f"op.{TIGHTEN}type_=sa.Integer())"), CRASH, ROWS),
    "L05 length PostgreSQL": (PG, chain(TWINS, f"op.{TIGHTEN}type_=sa.String(3))"), CRASH, ROWS),
    "L05 length MariaDB": (MY, chain(TWINS, f"op.{TIGHTEN}type_=sa.String(3))"), CRASH, ROWS),
    "L05 check PostgreSQL": (PG, chain(TWINS, f"op.{CHECK}"), CRASH, ROWS),
    "L05 check MariaDB": (MY, chain(TWINS, f"op.{CHECK}"), CRASH, ROWS),
    "L05 check SQLite": (LITE, chain(TWINS, batch(CHECK)), CRASH, ROWS),
    "L05 key PostgreSQL": (PG, chain(TWINS, PARENT, f"op.{KEY}"), CRASH, ROWS),
    "L05 key MariaDB": (MY, chain(TWINS, PARENT, f"op.{KEY}"), CRASH, ROWS),
    "L05 key SQLite": (LITE, chain(TWINS, PARENT, batch(KEY)), CRASH, ROWS),
    "L06": (PG, chain(TYPE, TYPE), CRASH, "op.execute('DROP TYPE name')"),
    "L07": (PG, chain(T, f"op.add_column('t', {MOOD})"), CRASH, "create the type first"),
    "L07 alter": (PG, chain(T, "op.execute('ALTER TABLE t ALTER x TYPE mood USING x::mood')"), CRASH, "the type first"),
    "L08": (LITE, edit(BASE, '"fk":', '"xx":'), "constraints-have-names", "naming_convention"),
    "L08 drop": (PG, chain(T, "op.drop_constraint(None, 't')"), CRASH, "give the metadata a naming_convention"),
    "L08 batch": (LITE, chain(T, batch("drop_constraint(None)")), CRASH, "give the metadata a naming_convention"),
    "L09": (LITE, chain(T, f"op.{UNIQUE}"), CRASH, "with op.batch_alter_table"),
    "L09 column": (LITE, chain(T, f"op.{TIGHTEN}nullable=False)"), CRASH, "with op.batch_alter_table"),
    "L10": (LITE, edit(ENV, CONFIG, f"{CONFIG}\nconfig.set_main_option('x', 'a%40b')"), REACH, URL_INI),
    "L20": (LITE, edit(INI, "prepend_sys_path", "other"), REACH, "pip install -e ."),
    "L22 depends_on": (
        LITE,
        several(revisions(a1=None), edit(f"{VERSIONS}/a1.py", "down_rev", "depends_on = 'gone'\ndown_rev")),
        LINE,
        "restore the file of revision gone from version control",
    ),
    "L23 index PostgreSQL": (PG, chain(T, INDEX, INDEX), CRASH, DOUBLE),
    "L23 index MariaDB": (MY, chain(T, INDEX, INDEX), CRASH, DOUBLE),
    "L23 index SQLite": (LITE, chain(T, INDEX, INDEX), CRASH, DOUBLE),
    "L23 table": (MY, chain(T, T), CRASH, DOUBLE),
    "L23 column": (LITE, chain(T, "op.add_column('t', sa.Column('x', sa.Integer()))"), CRASH, DOUBLE),
    "L25": (PG, revisions(**{"x" * 33: None}), LINE, "shorten the id"),
    "L27": (LITE, chain("op.create_table('t', sa.Column('x', Text()))"), CRASH, "import it"),
    "L28": (PG, chain(T, INDEX.replace("])", "], postgresql_concurrently=True)")), CRASH, BLOCK),
    "L28 SQLite": (LITE, chain("op.execute('VACUUM')"), CRASH, BLOCK),
    "L29": (
        PG,
        several(
            before_configure("connection.exec_driver_sql('SELECT 1')"), chain(f"{BLOCK}:\n    op.execute('SELECT 1')")
        ),
        CRASH,
        "commit it there",
    ),
    "L30": (
        LITE,
        several(first_revision, edit(ENV, METADATA, ASKS_OPTION), handing("process_revision_directives=tidy")),
        MATCH,
        GETATTR,
    ),
    "L30 check": (LITE, several(first_revision, handing(EMPTYING)), MATCH, f"only if {GETATTR}"),
    "L33": (PG, chain(TYPED, GROW), CRASH, "in a revision of its own"),
    "L35": (PG, chain(IN_ENGINE), ALONE, "op.get_bind()"),
    "L35 SQLite": (LITE, chain(IN_ENGINE), ALONE, "op.get_bind()"),
    "L37": (LITE, edit(INI, "[formatters]", "[others]"), "ini-has-its-logging", "restore"),
    "L37 handler": (LITE, edit(INI, "[handler_console]", "[other]"), "ini-has-its-logging", "restore"),
    "L38": (LITE, toml("'sqlalchemy.url' = 'sqlite:///app.db'"), "no-url-in-ini", "into .env as DATABASE_URL"),
    "L39": (LITE, toml("script_location = 'elsewhere'"), "options-have-one-meaning", "delete one of them"),
    "L40": (LITE, edit(INI, "%%(year)d", "%(year)d"), "options-have-one-meaning", "write %% in place of %"),
    "L41": (
        LITE,
        several(edit(INI, "path_separator = os\n", ""), edit(INI, "/src\n", "/src %(here)s/lib\n")),
        "options-have-one-meaning",
        "path_separator = os",
    ),
    "L45": (LITE, after_first(ASKING), "offline-prints-sql", "is_offline_mode()"),
    "L46 SQLite": (LITE, chain("op.execute('CREATE TABLE a (i INT); CREATE TABLE b (i INT)')"), CRASH, "one statement"),
    "L47": (PG, chain(T, BOUND.format("COMMENT ON TABLE t IS :x")), CRASH, NO_BIND),
    "L47 default": (PG, chain(T, BOUND.format("ALTER TABLE t ALTER x SET DEFAULT :x")), CRASH, NO_BIND),
    "L47 view": (LITE, chain(BOUND.format("CREATE VIEW v AS SELECT :x")), CRASH, NO_BIND),
    "L48": (LITE, chain(T, "op.execute('''INSERT INTO t VALUES (1, '{\"k\":1}')''')"), CRASH, "for a colon"),
    "L49 PostgreSQL": (PG, chain("op.drop_table('t')  # destroys data"), CRASH, BEFORE),
    "L49 MariaDB": (MY, chain("op.execute('INSERT INTO t VALUES (1)')"), CRASH, BEFORE),
    "L49 column MariaDB": (MY, chain(T, "op.execute('UPDATE t SET y = 1')"), CRASH, BEFORE),
    "L49 SQLite": (LITE, chain("op.drop_table('t')  # destroys data"), CRASH, BEFORE),
    "L50": (PG, overriding('"version_table_schema": "meta"'), REACH, "create the schema, and commit"),
    "L56": (LITE, edit(BOOK, ', name="pages_positive"', ""), REACH, "give the CheckConstraint a name"),
    "L57": (LITE, several(first_revision, edit(BASE, '"ix_%', '"i_%')), MATCH, "alembic revision --autogenerate"),
}


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_loud_fault_ends_in_help(project: Project, tmp_path: Path, fault: str) -> None:
    """From the check that is about it and from no other."""
    kind, breaks, check, words = MUTANTS[fault]
    breaks(project)
    with make_database(kind, tmp_path) as server:
        variables = {} if kind == LITE else {"TEST_DATABASE_URL": server}
        report = report_of(project.doctor("--no-live", "--json", PYTHONPATH=str(LIBRARY), **variables))
    helped = helps(report)
    assert list(helped) == [check], report
    assert words in helped[check], report


URL, CONTEXT, COLUMN = "sqlite:///%(here)s/app.db", "config = context.config", "    pages = Column(Integer"
ENGINE = "    connectable = engine_from_config("
SERVER, ASYNC = "postgresql+psycopg://u:s3cret@127.0.0.1/x", init("async", driver="sqlite+aiosqlite")
MASKED = "    from sqlalchemy import create_engine, make_url\n    connectable = create_engine(str(make_url("
MASKED += f'config.get_main_option("sqlalchemy.url")))) or {ENGINE.split("= ")[1]}'
NO_URL = MASKED.replace('str(make_url(config.get_main_option("sqlalchemy.url")))', "None")
LOOP = "asyncio.run(loop())\n\n\nasync def loop():\n    asyncio.run(run_async_migrations())"
NO_GREENLET = write("../vendor/greenlet.py", "raise ImportError(\"No module named 'greenlet'\", name='greenlet')")
SEVERAL = chain("op.execute('CREATE TABLE a (i INT); CREATE TABLE b (i INT)')")
ASYNCPG = SERVER.replace("psycopg", "asyncpg")
SECTIONS, TWICE = "the logging sections of alembic init", "a % is written twice"
HANDED = "connection=connection, target_metadata=target_metadata"
JSON: Act = several(
    edit("models.py", "import Check", "import JSON, Check"),
    edit("models.py", COLUMN, f"    data = Column(JSON, server_default='{{}}')\n{COLUMN}"),
    chain("op.create_table('book', sa.Column('data', sa.JSON(), server_default='{}'))"),
)
BY_NAME = 'autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]'
BOOLEAN: Act = several(
    edit(ENV, HANDED, f"{HANDED}, {BY_NAME}"),
    edit("models.py", "import Check", "import Boolean, Check"),
    edit("models.py", COLUMN, f"    b = Column(Boolean(create_constraint=True, name='b'))\n{COLUMN}"),
)
CHECKED = "Enum('x', native_enum=False, create_constraint=True, name='b')"
ENUM: Act = several(
    edit(ENV, HANDED, f"{HANDED}, {BY_NAME}"),
    edit("models.py", "import Check", "import Enum, Check"),
    edit(
        "models.py", COLUMN, f"    b = Column(Enum('x', native_enum=False, create_constraint=True, name='b'))\n{COLUMN}"
    ),
    chain("op.create_table('book', sa.Column('b', sa.String(1)), sa.Column('pages', sa.Integer()))"),
)


def url(value: str) -> Act:
    """Write another URL into the ini."""
    return edit(INI, URL, value)


def passed(expression: str) -> Act:
    """Let env.py pass the URL through the ini."""
    return edit(ENV, CONTEXT, f"import os\n{CONTEXT}\nconfig.set_main_option('sqlalchemy.url', {expression})")


def without_ini(project: Project) -> None:
    """Have no alembic.ini."""
    (project.path / INI).unlink()


OTHERS: dict[str, tuple[str, Break[Foreign], str, str]] = {
    "L10": (LITE, passed("'sqlite:///a%40b.db'"), REACH, URL_INI),
    "L10 ini": (
        LITE,
        url("postgresql+psycopg://u:%40s3cret@h/d"),
        "options-have-one-meaning",
        "write %% in place of %",
    ),
    "L11": (PG, several(url(SERVER), edit(ENV, ENGINE, MASKED)), "application-uses-the-same-database", "hide_password"),
    "L12 None": (LITE, passed("os.getenv('APP_URL')"), REACH, "the URL is missing"),
    "L12 KeyError": (LITE, passed("os.environ['APP_URL']"), REACH, "the URL is missing"),
    "L12 port": (LITE, passed("f'postgresql+psycopg://u@h:{os.getenv(str())}/d'"), REACH, "the URL is missing"),
    "L12 engine": (LITE, edit(ENV, ENGINE, NO_URL), REACH, "the URL is missing"),
    "L12 placeholder": (LITE, url("driver://user:pass@localhost/dbname"), REACH, "the URL is missing"),
    "L12 no key": (LITE, edit(INI, "sqlalchemy.url", "other.url"), REACH, "the URL is missing"),
    "L12 as in a shell": (LITE, url("${DATABASE_URL}"), REACH, "the URL is missing"),
    "L12 as in the ini": (LITE, url("%(DATABASE_URL)s"), REACH, URL_INI),
    "L13": (LITE, url("postgres://u:s3cret@h/d"), REACH, "write postgresql://"),
    "L14": (LITE, url("postgresql+pg8000://u:s3cret@h/d"), REACH, "pg8000 is not installed"),
    "L15": (LITE, several(ASYNC, NO_GREENLET, environ(PYTHONPATH="{}/../vendor")), REACH, "'sqlalchemy[asyncio]'"),
    "L16": (LITE, url("sqlite+aiosqlite:///app.db"), REACH, "give it a synchronous driver"),
    "L17": (LITE, init("async"), REACH, "give it an asynchronous driver"),
    "L18": (LITE, several(ASYNC, edit(ENV, "asyncio.run(run_async_migrations())", LOOP)), REACH, "asyncio.to_thread"),
    "L19": (LITE, edit(INI, "script_location", "location"), "ini-leads-to-scripts", "script_location = %(here)s"),
    "L20": (LITE, edit(INI, "prepend_sys_path", "other"), REACH, "pip install -e ."),
    "L31": (
        PG,
        several(url(SERVER), edit(ENV, HANDED, f"{HANDED}, compare_server_default=True"), JSON),
        MATCH,
        "make the column JSONB",
    ),
    "L32": (PG, several(url(SERVER), BOOLEAN), MATCH, "without create_constraint"),
    "L32 not written yet": (LITE, ENUM, MATCH, "alembic revision --autogenerate"),
    "L37": (LITE, edit(INI, "[formatters]", "[others]"), REACH, SECTIONS),
    "L37 handler": (LITE, edit(INI, "[handler_console]", "[other]"), REACH, SECTIONS),
    "L37 no ini": (LITE, several(init("pyproject"), without_ini), REACH, SECTIONS),
    "L38": (
        LITE,
        several(init("pyproject"), edit(INI, "sqlalchemy.url", "other.url"), toml("sqlalchemy.url = 'sqlite://'\n")),
        REACH,
        "sqlalchemy.url is read from alembic.ini only",
    ),
    "L40": (LITE, several(init("pyproject"), toml("file_template = '%(year)d_%(rev)s'\n")), REACH, TWICE),
    "L46": (
        PG,
        several(init("async"), edit(INI, "sqlite:///%(here)s/app.db", ASYNCPG), SEVERAL),
        CRASH,
        "one statement for each",
    ),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Foreign:
    """A plain project without a revision. Tests copy it."""
    return make_plain(tmp_path_factory.mktemp("plain") / "shop", home)


@pytest.mark.parametrize("fault", OTHERS)
def test_a_loud_fault_of_another_project_ends_in_help(plain: Foreign, tmp_path: Path, fault: str) -> None:
    """Where a generated project cannot have it, too; and with no password in it."""
    kind, breaks, check, words = OTHERS[fault]
    project = plain.copy(tmp_path / "shop")
    breaks(project)
    with make_database(kind, tmp_path) as server:
        project.variables.update({} if kind == LITE else {"TEST_DATABASE_URL": server})
        report = project.examine("--no-live")
    helped = helps(report)
    assert list(helped) == [check], report
    assert words in helped[check], report


def stamped(revision: str) -> Act:
    """Upgrade, and let the database be at a revision of which there is no file."""

    def act(project: Project) -> None:
        first_revision(project)
        project.ok("alembic", "upgrade", "head")
        rows(f"sqlite:///{project.path}/shop.db", f"UPDATE alembic_version SET version_num = '{revision}'")

    return act


def created(project: Project) -> None:
    """Make the tables without a migration."""
    make = "from shop import db, models; models.Base.metadata.create_all(db.engine())"
    project.ok("python", "-c", make)


LIVE: dict[str, tuple[Act, tuple[str, ...], str, str]] = {
    "L21": (first_revision, ("check",), "Target database is not up to date", "alembic upgrade head"),
    "L22": (stamped("gone"), ("current",), "Can't locate revision", "restore the file, or check out the branch"),
    "L23": (several(first_revision, created), ("upgrade", "head"), "already exists", "alembic stamp head"),
}


@pytest.mark.parametrize("fault", LIVE)
def test_what_alembic_only_names_the_doctor_helps_with(project: Project, fault: str) -> None:
    """About the database that DATABASE_URL names."""
    breaks, command, words_of_alembic, words = LIVE[fault]
    breaks(project)
    done = project.run("alembic", *command)
    assert done.returncode != 0
    assert words_of_alembic in done.stdout
    report = report_of(project.doctor("--json"))
    helped = helps(report)
    assert list(helped) == ["live-revision-is-known"], report
    assert words in helped["live-revision-is-known"]


IN_A_LOOP = """\
import asyncio
from alembic import command, config

async def main():
    command.upgrade(config.Config("alembic.ini"), "head")

asyncio.run(main())
"""


def test_an_upgrade_in_a_running_loop(project: Project) -> None:
    """L18: nothing in env.py is asynchronous."""
    project.revision("a1", None, T)
    project.ok("python", "-c", IN_A_LOOP)
    assert rows(f"sqlite:///{project.path}/shop.db", "SELECT version_num FROM alembic_version") == [("a1",)]


def test_a_default_of_json_is_quiet(project: Project, postgresql: str) -> None:
    """L31: PostgreSQL cannot compare it, so that alembic check would fail."""
    IMPORT(project)
    project.edit(BOOK, PAGES, f"{PAGES}    data: Mapped[str] = mapped_column(sa.JSON, server_default='{{}}')\n")
    project.alembic("revision --autogenerate -m first", "upgrade head", "check", DATABASE_URL=postgresql)
