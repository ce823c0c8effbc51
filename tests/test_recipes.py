"""The page of recipes: every one runs as printed, up and down, on tables with rows, and does what the page says."""

import importlib
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from conftest import TEMPLATE, Project, rows
from sqlalchemy import NullPool, create_engine, inspect, make_url
from sqlalchemy.exc import DBAPIError

PAGE = (TEMPLATE / "{{cookiecutter.__directory}}/docs/recipes.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## \d+\. (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
BLOCKS = {title: re.findall(r"^```python\n(.*?)^```", text, re.M | re.S) for title, text in SECTIONS.items()}

HEADER = '''\
"""A recipe."""

import sqlalchemy as sa
from alembic import op

revision = "recipe"
down_revision = "first"


'''
ROWS = """\
INSERT INTO author (id, name, email) VALUES (1, '한강', NULL), (2, 'Melville', 'h@m.org'), (3, 'Nobody', NULL)
INSERT INTO book (id, author_id, title, pages) VALUES (1, 1, '흰', 5), (2, 2, 'Moby Dick', 635), (3, 2, 'Typee', 12)
CREATE TABLE shelf (id INTEGER PRIMARY KEY, code VARCHAR(20), UNIQUE (code))
INSERT INTO shelf (id, code) VALUES (1, 'A'), (2, NULL), (3, NULL)"""
BOOKS = [(1, 1, "흰", 5), (2, 2, "Moby Dick", 635), (3, 2, "Typee", 12)]
LEGACY = {"sqlite": "UNIQUE (code)", "postgresql": "shelf_code_key", "mysql": "code"}


class Promise(NamedTuple):
    """What a recipe does: to the schema (what comes, goes or changes), and to the rows (a query, its answer)."""

    schema: str
    query: str = "SELECT id, author_id, title, pages FROM book ORDER BY id"
    answer: list[tuple[Any, ...]] = BOOKS


PROMISES = {
    "Create and drop a table": Promise(
        "+publisher, +publisher column id, +publisher column name, +publisher pk_publisher, "
        "+publisher uq_publisher_name"
    ),
    "Add and drop a column": Promise(
        "+book column language",
        "SELECT id, title, pages, language FROM book ORDER BY id",
        [(1, "흰", 5, "en"), (2, "Moby Dick", 635, "en"), (3, "Typee", 12, "en")],
    ),
    "Rename a column": Promise(
        "-book column title, +book column name", "SELECT id, author_id, name, pages FROM book ORDER BY id"
    ),
    "Change a type": Promise(
        "~book column pages, -book ck_book_pages_positive",
        "SELECT id, pages FROM book ORDER BY id",
        [(1, "5"), (2, "635"), (3, "12")],
    ),
    "Set and remove a server default": Promise("+book default of pages"),
    "Change the primary key": Promise("~book pk_book"),
    "Add and remove a foreign key": Promise(
        "+book column translator_id, +book ix_book_translator_id, +book fk_book_translator_id_author",
        "SELECT id, title, translator_id FROM book ORDER BY id",
        [(1, "흰", None), (2, "Moby Dick", None), (3, "Typee", None)],
    ),
    "Add and remove a unique constraint": Promise("+book uq_book_author_id_title"),
    "Add and remove a check constraint": Promise("+book ck_book_title_given"),
    "Add and remove an index": Promise("+book ix_book_title"),
    "Rename a table": Promise("RENAMED", "SELECT id, author_id, title, pages FROM novel ORDER BY id"),
    "Control column order": Promise(
        "+book column subtitle",
        "SELECT id, title, subtitle FROM book ORDER BY id",
        [(1, "흰", None), (2, "Moby Dick", None), (3, "Typee", None)],
    ),
    "Run raw SQL": Promise("", "SELECT id, title FROM book ORDER BY id", [(1, "흰"), (2, "Moby-Dick"), (3, "Typee")]),
    "Name every constraint and index": Promise(
        "-shelf LEGACY, +shelf uq_shelf_code",
        "SELECT id, code FROM shelf ORDER BY id",
        [(1, "A"), (2, None), (3, None)],
    ),
}


class Shop:
    """A project at its first revision, with rows, and what runs a recipe in it."""

    def __init__(self, project: Project, url: str, versions: Path) -> None:
        self.url, self.versions = url, versions
        self.kind = make_url(url).get_backend_name()
        self.config = Config(project.path / "alembic.ini")
        self.config.set_main_option("version_locations", str(versions))
        self.config.attributes["allow-drop"] = True
        self.schemas = importlib.import_module("shop.db.doctor_checks.schema")
        command.upgrade(self.config, "first")
        for statement in ROWS.splitlines():
            rows(url, statement)

    def schema(self) -> Any:
        """Return what the doctor reads of the schema."""
        return self.schemas.read(self.url)

    def differences(self, before: Any, named: set[str] | None = None) -> list[str]:
        """Return what is otherwise than it was."""
        return [one.what for one in self.schemas.differences(before, self.schema(), named, ("was", "is"), "", "")]

    def rows(self) -> list[Any]:
        """Return every row."""
        return [rows(self.url, f"SELECT * FROM {table} ORDER BY id") for table in ("author", "book", "shelf")]

    def upgrade(self, code: str) -> None:
        """Upgrade to a revision with this code."""
        (self.versions / "recipe.py").write_text(HEADER + code, encoding="utf-8")
        command.upgrade(self.config, "head")

    def fails(self, code: str) -> str:
        """Upgrade to a revision that must fail, and return the message."""
        with pytest.raises((CommandError, DBAPIError, NotImplementedError, TypeError)) as caught:
            self.upgrade(upgrade(code))
        return str(caught.value)


def upgrade(code: str) -> str:
    """Return a revision that only goes up: statements, or what to do in a batch of the table book."""
    if code.startswith("batch_op"):
        code = f"with op.batch_alter_table('book') as batch_op:\n        {code}"
    return f"def upgrade():\n    {code}\n\n\ndef downgrade():\n    pass\n"


@pytest.fixture(scope="module")
def first(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with its first revision, which this process can import while the tests of this file run."""
    copy = Project(tmp_path_factory.mktemp("recipes") / "shop", pristine.home)
    shutil.copytree(pristine.path, copy.path)
    copy.ok("alembic", "revision", "--autogenerate", "--rev-id", "first", "-m", "first")
    known = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(copy.path / "src")
        yield copy
    for name in set(sys.modules) - known:
        if name.partition(".")[0] == "shop":
            del sys.modules[name]


@pytest.fixture
def make(first: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Shop]:
    """A function that fills a database, given its URL."""

    def fill(url: str) -> Shop:
        monkeypatch.setenv("DATABASE_URL", url)
        versions = shutil.copytree(first.path / "migrations/versions", tmp_path / "versions")
        return Shop(first, url, versions)

    return fill


@pytest.fixture
def shop(make: Callable[[str], Shop], database: str) -> Shop:
    """A filled database of each kind in turn."""
    return make(database)


def flat(schema: Any) -> dict[str, str]:
    """Return a schema as one table: names, and the text of each. What is an index here may be a constraint there."""
    made = dict.fromkeys(schema, "")
    for table, items in schema.items():
        for item, text in items.items():
            name = re.sub("^(constraint|index) ", "", item).replace("PRIMARY", f"pk_{table}")
            if item != "default of id":  # PostgreSQL's numbering
                made[f"{table} {name}"] = text
    return made


def changes(before: Any, after: Any) -> set[str]:
    """Return what came (+), went (-) and changed (~)."""
    old, new = flat(before), flat(after)
    changed = {f"~{name}" for name in old.keys() & new.keys() if old[name] != new[name]}
    return {f"+{name}" for name in new.keys() - old.keys()} | {f"-{name}" for name in old.keys() - new.keys()} | changed


def test_every_recipe_has_its_promise() -> None:
    """All fourteen; each is in the index, and its link leads there."""
    assert list(SECTIONS) == list(PROMISES)
    assert len(SECTIONS) == 14
    titles = re.findall(r"^## (.+)", PAGE, re.M)
    assert re.findall(r"^\| \[(.+?)\]\(#(.+?)\)", PAGE, re.M) == [
        (title, re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")) for title in titles
    ]
    assert all(BLOCKS.values())
    assert sum(map(len, BLOCKS.values())) == PAGE.count("```python") == 15


@pytest.mark.parametrize(
    ("title", "code"),
    [pytest.param(title, code, id=f"{title} {n}") for title in BLOCKS for n, code in enumerate(BLOCKS[title], 1)],
)
def test_a_recipe_runs_as_printed(shop: Shop, title: str, code: str) -> None:
    """Up, down and up again: schema and rows are as the page says, and as they were."""
    promise = PROMISES[title]
    schema, before = shop.schema(), shop.rows()
    shop.upgrade(code)
    after = shop.schema()
    if promise.schema == "RENAMED":
        assert {name.replace("novel", "book") for name in flat(after)} == set(flat(schema))
        assert [name for name in flat(after) if "book" in name] == ([] if shop.kind == "mysql" else ["novel pk_book"])
    else:
        wanted = promise.schema.replace("LEGACY", LEGACY[shop.kind])
        assert changes(schema, after) == set(filter(None, wanted.split(", ")))
    assert rows(shop.url, promise.query) == promise.answer
    command.downgrade(shop.config, "-1")
    unnamed = "shelf" in code and shop.kind == "sqlite"  # it has a name now, as the page says
    assert shop.differences(schema, named=set() if unnamed else None) == []
    assert shop.rows() == before
    command.upgrade(shop.config, "head")
    assert shop.differences(after) == []
    assert rows(shop.url, promise.query) == promise.answer


def test_a_new_column_is_where_the_page_says(shop: Shop) -> None:
    """Behind title; on PostgreSQL, which cannot, it is the last."""
    shop.upgrade(BLOCKS["Control column order"][0])
    with create_engine(shop.url, poolclass=NullPool).connect() as connection:
        names = [column["name"] for column in inspect(connection).get_columns("book")]
    assert names.index("subtitle") == (4 if shop.kind == "postgresql" else names.index("title") + 1)


def test_the_blocks_are_what_a_project_wants(project: Project) -> None:
    """They are linted and formatted, and its doctor finds nothing in them, up or with the functions swapped."""
    project.ok("alembic", "revision", "--autogenerate", "--rev-id", "r0", "-m", "first")
    blocks = [code for codes in BLOCKS.values() for code in codes]
    swapped = [SWAP.sub(lambda match: OTHER[match[0]], code) for code in blocks]
    for n, code in enumerate([*blocks, *swapped], 1):
        text = HEADER.replace('"first"', f'"r{n - 1}"').replace('"recipe"', f'"r{n}"') + code
        project.write(f"migrations/versions/r{n}.py", text)
        project.write(f"formatted/r{n}.py", text)
    project.ok("ruff", "check", "migrations")
    project.ok("ruff", "format", "--check", "formatted")
    project.ok("mypy", "--strict", *[f"formatted/r{n}.py" for n in (1, 6)])
    shutil.rmtree(project.path / "formatted")
    done = project.doctor("--only", "static")
    assert done.returncode == 0, done.stdout


OTHER = {"def upgrade": "def downgrade", "def downgrade": "def upgrade"}
SWAP = re.compile("|".join(OTHER))

RENAME = "batch_op.alter_column('title', new_column_name='name'"
ADD = "add_column('book', sa.Column('x', sa.Integer()), insert_before='title')"
EMPTY = "op.execute(\"UPDATE book SET title = ''\")\n    "


REFUSED = [
    ("sqlite postgresql mysql", f"op.{ADD}", "unexpected keyword argument"),
    ("sqlite postgresql mysql", "batch_op." + ADD.replace("'book', ", ""), "please specify recreate='always'"),
    ("mysql", f"{RENAME})", "require the existing type"),
    ("sqlite", "op.alter_column('book', 'pages', type_=sa.String(20))", 'near "ALTER"'),
    ("sqlite", "op.create_unique_constraint('uq', 'book', ['title'])", "No support for ALTER of constraints"),
    ("postgresql", "batch_op.alter_column('title', type_=sa.Integer())", 'specify "USING'),
    ("sqlite", "batch_op.alter_column('pages', new_column_name='length')", "no such column: pages"),
    ("mysql", "batch_op.drop_constraint('pk_book', type_='primary')", "there can be only one auto column"),
    ("postgresql", "op.drop_table('author')", "other objects depend on it"),
    ("mysql", "op.drop_table('author')", "foreign key constraint"),
    ("sqlite", "batch_op.create_unique_constraint('uq_x', ['author_id'])", "UNIQUE constraint failed"),
    ("postgresql", "batch_op.create_unique_constraint('uq_x', ['author_id'])", "is duplicated"),
    ("mysql", "batch_op.create_unique_constraint('uq_x', ['author_id'])", "Duplicate entry"),
    ("sqlite postgresql mysql", "batch_op.create_check_constraint('x', 'pages > 9')", "ck_book_x"),
    ("sqlite postgresql", "batch_op.add_column(sa.Column('x', sa.Integer(), nullable=False))", "NULL"),
    ("sqlite", "batch_op.create_foreign_key('fk_x', 'author', ['pages'], ['id'])", "refer to missing rows"),
    ("postgresql mysql", "batch_op.create_foreign_key('fk_x', 'author', ['pages'], ['id'])", "fk_x"),
]


@pytest.mark.parametrize(
    ("database", "code", "words"),
    [(kind, code, words) for kinds, code, words in REFUSED for kind in kinds.split()],
    indirect=["database"],
)
def test_what_the_page_says_is_refused(shop: Shop, code: str, words: str) -> None:
    """It is, and rows and schema are as before."""
    schema, before = shop.schema(), shop.rows()
    assert words in shop.fails(code)
    schema.pop("alembic_unfinished", None)
    after = shop.schema()
    after.pop("alembic_unfinished", None)
    assert changes(schema, after) == set()
    assert shop.rows() == before


@pytest.mark.parametrize(
    ("database", "code", "changed"),
    [
        ("postgresql", f"{RENAME})", {"-book column title", "+book column name"}),
        ("postgresql", "batch_op.drop_constraint('ck_book_pages_positive')\n        "
         "batch_op.alter_column('pages', type_=sa.String(20))",
         {"~book column pages", "-book ck_book_pages_positive"}),
        ("mysql", "batch_op.alter_column('pages', new_column_name='length', existing_type=sa.Integer(), "
         "existing_nullable=False)",
         {"-book column pages", "+book column length", "~book ck_book_pages_positive"}),
    ],
    indirect=["database"],
)  # fmt: skip
def test_what_the_page_says_is_needless(shop: Shop, code: str, changed: set[str]) -> None:
    """A type for a rename, USING for a string, a CHECK taken away first: elsewhere it runs without."""
    schema = shop.schema()
    shop.upgrade(upgrade(code))
    assert changes(schema, shop.schema()) == changed


def test_names_that_are_not_complete_are_completed(shop: Shop) -> None:
    """With the prefix twice, as the page says."""
    schema = shop.schema()
    shop.upgrade(upgrade("batch_op.create_check_constraint('ck_book_title_given', \"title <> ''\")"))
    assert changes(schema, shop.schema()) == {"+book ck_book_ck_book_title_given"}


def test_mysql_forgets_what_a_rename_does_not_repeat(make: Callable[[str], Shop], mysql: str) -> None:
    """NOT NULL, without a word."""
    shop = make(mysql)
    shop.upgrade(upgrade(f"{RENAME}, existing_type=sa.String(200))"))
    assert shop.schema()["book"]["column name"] == "varchar(200)"


@pytest.mark.parametrize("pages", ["many", "12 or so"])
def test_a_string_that_is_no_number(shop: Shop, pages: str) -> None:
    """Refused on the way back, but for SQLite, which makes a number of it."""
    shop.upgrade(BLOCKS["Change a type"][0])
    rows(shop.url, f"UPDATE book SET pages = '{pages}' WHERE id = 3")
    if (shop.kind, pages) == ("sqlite", "12 or so"):
        command.downgrade(shop.config, "-1")
        assert shop.rows()[1] == BOOKS
        return
    with pytest.raises(DBAPIError, match="ck_book_pages_positive" if shop.kind == "sqlite" else pages):
        command.downgrade(shop.config, "-1")
    assert rows(shop.url, "SELECT pages FROM book WHERE id = 3") == [(pages,)]


def test_who_numbers_the_rows_of_a_longer_key(shop: Shop) -> None:
    """PostgreSQL and MariaDB as before, SQLite no more."""
    shop.upgrade(BLOCKS["Change the primary key"][0])
    for sequence in ["SELECT setval('book_id_seq', 9)"] * (shop.kind == "postgresql"):
        rows(shop.url, sequence)
    insert = "INSERT INTO book (author_id, title, pages) VALUES (1, 'x', 1)"
    if shop.kind == "sqlite":
        with pytest.raises(DBAPIError, match=r"NOT NULL constraint failed: book\.id"):
            rows(shop.url, insert)
    else:
        rows(shop.url, insert)
        assert len(rows(shop.url, "SELECT id FROM book")) == 4


def test_sqlite_loses_a_unique_behind_its_column(make: Callable[[str], Shop], sqlite: str) -> None:
    """In a batch that is about something else: SQLAlchemy does not see it."""
    shop = make(sqlite)
    rows(sqlite, "CREATE TABLE tag (id INTEGER PRIMARY KEY, code VARCHAR(20) UNIQUE)")
    shop.upgrade(upgrade("with op.batch_alter_table('tag', recreate='always'):\n        pass"))
    assert "UNIQUE" not in rows(sqlite, "SELECT sql FROM sqlite_master WHERE name = 'tag'")[0][0]
