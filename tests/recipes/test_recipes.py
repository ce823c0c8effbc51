"""The page of recipes: every one runs as printed, up and down, on tables with rows, and does what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy import MetaData, NullPool, create_engine, inspect, make_url
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.project import BIN
from support.written import CONVENTION, Written

from alembic_proof import recipes
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.report import TextReport
from alembic_proof.doctor.runner import run as run_doctor
from alembic_proof.errors import ProofError
from alembic_proof.schema import Schema, compare, read

PAGE = recipes.PAGE.read_text("utf-8")
BLOCKS = {recipe.title: recipe.code for recipe in recipes.read()}

METADATA = MetaData(naming_convention=CONVENTION)
sa.Table(
    "author",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, index=True),
    sa.Column("email", sa.String(254), unique=True),
)
sa.Table(
    "book",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("author_id", sa.ForeignKey("author.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.CheckConstraint("pages > 0", name="pages_positive"),
)
ROWS = """\
INSERT INTO author (id, name, email) VALUES (1, '한강', NULL), (2, 'Melville', 'h@m.org'), (3, 'Nobody', NULL)
INSERT INTO book (id, author_id, title, pages) VALUES (1, 1, '흰', 5), (2, 2, 'Moby Dick', 635), (3, 2, 'Typee', 12)
CREATE TABLE shelf (id INTEGER PRIMARY KEY, code VARCHAR(20), UNIQUE (code))
INSERT INTO shelf (id, code) VALUES (1, 'A'), (2, NULL), (3, NULL)"""
BOOKS = [(1, 1, "흰", 5), (2, 2, "Moby Dick", 635), (3, 2, "Typee", 12)]
LEGACY = {"sqlite": "UNIQUE (code)", "postgresql": "shelf_code_key", "mysql": "code"}


class Promise(NamedTuple):
    """What a recipe does: to the schema (added, removed, changed), and to the rows (a query, its answer)."""

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
    """A laboratory at its first revision, with rows, and what runs a recipe in it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.kind = make_url(lab.url).get_backend_name()
        lab.change(METADATA)
        for statement in ROWS.splitlines():
            lab.rows(statement)
        self.first = lab.head()

    def schema(self) -> Schema:
        """Return the schema as the database's catalogue has it."""
        return {table: items for table, items in read(self.lab.url).items() if table != "alembic_unfinished"}

    def rows(self) -> list[Any]:
        """Return every row."""
        return [self.lab.rows(f"SELECT * FROM {table} ORDER BY id") for table in ("author", "book", "shelf")]

    def upgrade(self, code: str) -> None:
        """Upgrade to a revision with this code."""
        header = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'recipe'\n"
        text = f"{header}down_revision = {self.first!r}\n\n\n{code}"
        (self.lab.versions / "recipe.py").write_text(text, encoding="utf-8")
        self.lab.upgrade()

    def upgrade_only(self, code: str) -> None:
        """Upgrade to a revision with these statements, or this one in a batch of the table book."""
        if code.startswith("batch_op"):
            code = f"with op.batch_alter_table('book') as batch_op:\n        {code}"
        self.upgrade(f"def upgrade():\n    {code}\n\n\ndef downgrade():\n    pass\n")


@pytest.fixture
def shop(lab: Lab) -> Shop:
    """Filled tables on a database of each kind in turn."""
    return Shop(lab)


@pytest.fixture
def shop_sqlite(lab_sqlite: Lab) -> Shop:
    """Filled tables on SQLite."""
    return Shop(lab_sqlite)


@pytest.fixture
def shop_mysql(lab_mysql: Lab) -> Shop:
    """Filled tables on MariaDB or MySQL."""
    return Shop(lab_mysql)


def flat(schema: Schema) -> dict[str, str]:
    """Return a schema as one table: names, and the text of each. What is an index here may be a constraint there."""
    flattened = dict.fromkeys(schema, "")
    for table, items in schema.items():
        for item, text in items.items():
            name = re.sub("^(constraint|index) ", "", item).replace("PRIMARY", f"pk_{table}")
            if item != "default of id":  # PostgreSQL's numbering
                flattened[f"{table} {name}"] = text
    return flattened


def changes(before: Schema, after: Schema) -> set[str]:
    """Return what was added (+), removed (-) and changed (~)."""
    old, new = flat(before), flat(after)
    changed = {f"~{name}" for name in old.keys() & new.keys() if old[name] != new[name]}
    return {f"+{name}" for name in new.keys() - old.keys()} | {f"-{name}" for name in old.keys() - new.keys()} | changed


def test_every_recipe_has_its_promise() -> None:
    """All fourteen; each is in the index, and its link leads there."""
    assert list(BLOCKS) == list(PROMISES)
    assert [recipe.number for recipe in recipes.read()] == list(range(1, 15))
    titles = re.findall(r"^## (.+)", PAGE, re.M)
    assert re.findall(r"^\| \[(.+?)\]\(#(.+?)\)", PAGE, re.M) == [
        (title, re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")) for title in titles
    ]
    assert all(BLOCKS.values())
    assert sum(map(len, BLOCKS.values())) == PAGE.count("```python") == 15


def test_one_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """By its number or its name."""
    assert recipes.print_recipe("3") == recipes.print_recipe("rename-a-column") == 0
    output = capsys.readouterr().out
    half = output[: len(output) // 2]
    assert output == half * 2
    assert half.startswith("3. Rename a column\n\nThe values stay.")
    assert BLOCKS["Rename a column"][0] in half


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """With their numbers."""
    assert recipes.print_recipe(None) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 14
    assert lines[2] == " 3  rename-a-column"


@pytest.mark.parametrize(
    ("name", "hint"), [("rename-column", "Did you mean rename-a-column?"), ("15", "lists all"), ("xyz", "lists all")]
)
def test_an_unknown_name(name: str, hint: str) -> None:
    """The nearest one is named."""
    with pytest.raises(ProofError, match=re.escape(hint)):
        recipes.find(name)


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
    assert shop.lab.rows(promise.query) == promise.answer
    shop.lab.downgrade()
    unnamed = "shelf" in code and shop.kind == "sqlite"  # it has a name now, as the page says
    assert list(compare(schema, shop.schema(), set() if unnamed else None)) == []
    assert shop.rows() == before
    shop.lab.upgrade()
    assert list(compare(after, shop.schema(), None)) == []
    assert shop.lab.rows(promise.query) == promise.answer


def test_a_new_column_is_where_the_page_says(shop: Shop) -> None:
    """Behind title; on PostgreSQL, which cannot, it is the last."""
    shop.upgrade(BLOCKS["Control column order"][0])
    with create_engine(shop.lab.url, poolclass=NullPool).connect() as connection:
        names = [column["name"] for column in inspect(connection).get_columns("book")]
    assert names.index("subtitle") == (4 if shop.kind == "postgresql" else names.index("title") + 1)


OTHER = {"def upgrade": "def downgrade", "def downgrade": "def upgrade"}
SWAP = re.compile("|".join(OTHER))


def test_the_blocks_are_what_a_project_wants(tmp_path: Path) -> None:
    """They are linted and formatted, and the doctor finds nothing in them, up or with the functions swapped."""
    project = Written(tmp_path / "shop", "sqlite:///shop.db")
    blocks = [code for codes in BLOCKS.values() for code in codes]
    swapped = [SWAP.sub(lambda match: OTHER[match[0]], code) for code in blocks]
    imports = '"""A recipe."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
    header = imports + 'revision = "r{}"\ndown_revision = {}\n\n\n'
    for n, code in enumerate([*blocks, *swapped], 1):
        text = header.format(n, f'"r{n - 1}"' if n > 1 else None) + code
        (project.versions / f"r{n}.py").write_text(text, encoding="utf-8")
    ruff = [str(BIN / "ruff"), "--config", str(Path(__file__).parents[2] / "pyproject.toml")]
    subprocess.run([*ruff, "check", "--ignore", "F401", project.versions], check=True)
    subprocess.run([*ruff, "format", "--check", project.versions], check=True)
    subprocess.run([BIN / "mypy", "--strict", *(project.versions / f"r{n}.py" for n in (1, 6))], check=True)
    shutil.rmtree(project.path / "__pycache__", ignore_errors=True)
    assert run_doctor(Project(project.ini), TextReport(), ["static"]) == 0


RENAME = "batch_op.alter_column('title', new_column_name='name'"
ADD = "add_column('book', sa.Column('x', sa.Integer()), insert_before='title')"


REFUSED = [
    ("sqlite postgresql mysql", f"op.{ADD}", "unexpected keyword argument"),
    ("sqlite postgresql mysql", "batch_op." + ADD.replace("'book', ", ""), "please specify recreate='always'"),
    ("mysql", f"{RENAME})", "require the existing type"),
    ("sqlite", "op.alter_column('book', 'pages', type_=sa.String(20))", 'near "ALTER"'),
    ("sqlite", "op.create_unique_constraint('uq', 'book', ['title'])", "No support for ALTER of constraints"),
    ("postgresql", "batch_op.alter_column('title', type_=sa.Integer())", 'specify "USING'),
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
    ("lab", "code", "words"),
    [(kind, code, words) for kinds, code, words in REFUSED for kind in kinds.split()],
    indirect=["lab"],
)
def test_what_the_page_says_is_refused(shop: Shop, code: str, words: str) -> None:
    """It is, and rows and schema are as before."""
    schema, before = shop.schema(), shop.rows()
    with pytest.raises((CommandError, DBAPIError, NotImplementedError, TypeError), match=re.escape(words)):
        shop.upgrade_only(code)
    assert changes(schema, shop.schema()) == set()
    assert shop.rows() == before


@pytest.mark.parametrize(
    ("lab", "code", "changed"),
    [
        ("postgresql", f"{RENAME})", {"-book column title", "+book column name"}),
        ("postgresql", "batch_op.drop_constraint('ck_book_pages_positive')\n        "
         "batch_op.alter_column('pages', type_=sa.String(20))",
         {"~book column pages", "-book ck_book_pages_positive"}),
        ("mysql", "batch_op.alter_column('pages', new_column_name='length', existing_type=sa.Integer(), "
         "existing_nullable=False)",
         {"-book column pages", "+book column length", "~book ck_book_pages_positive"}),
        ("sqlite", "batch_op.alter_column('pages', new_column_name='length')",
         {"-book column pages", "+book column length", "~book ck_book_pages_positive"}),
    ],
    indirect=["lab"],
)  # fmt: skip
def test_what_the_page_says_is_needless(shop: Shop, code: str, changed: set[str]) -> None:
    """A type for a rename, USING for a string, a CHECK dropped before: elsewhere it runs without."""
    schema = shop.schema()
    shop.upgrade_only(code)
    assert changes(schema, shop.schema()) == changed


def test_names_that_are_not_complete_are_completed(shop: Shop) -> None:
    """With the prefix twice, as the page says."""
    schema = shop.schema()
    shop.upgrade_only("batch_op.create_check_constraint('ck_book_title_given', \"title <> ''\")")
    assert changes(schema, shop.schema()) == {"+book ck_book_ck_book_title_given"}


def test_mysql_forgets_what_a_rename_does_not_repeat(shop_mysql: Shop) -> None:
    """NOT NULL, without a word."""
    shop_mysql.upgrade_only(f"{RENAME}, existing_type=sa.String(200))")
    assert shop_mysql.schema()["book"]["column name"] == "varchar(200)"


@pytest.mark.parametrize("pages", ["many", "12 or so"])
def test_a_string_that_is_no_number(shop: Shop, pages: str) -> None:
    """Refused in the downgrade, except on SQLite, which makes a number of it."""
    shop.upgrade(BLOCKS["Change a type"][0])
    shop.lab.rows(f"UPDATE book SET pages = '{pages}' WHERE id = 3")
    if (shop.kind, pages) == ("sqlite", "12 or so"):
        shop.lab.downgrade()
        assert shop.rows()[1] == BOOKS
        return
    with pytest.raises(DBAPIError, match="ck_book_pages_positive" if shop.kind == "sqlite" else pages):
        shop.lab.downgrade()
    assert shop.lab.rows("SELECT pages FROM book WHERE id = 3") == [(pages,)]


def test_who_numbers_the_rows_of_a_longer_key(shop: Shop) -> None:
    """PostgreSQL and MariaDB as before, SQLite no more."""
    shop.upgrade(BLOCKS["Change the primary key"][0])
    for sequence in ["SELECT setval('book_id_seq', 9)"] * (shop.kind == "postgresql"):
        shop.lab.rows(sequence)
    insert = "INSERT INTO book (author_id, title, pages) VALUES (1, 'x', 1)"
    if shop.kind == "sqlite":
        with pytest.raises(DBAPIError, match=r"NOT NULL constraint failed: book\.id"):
            shop.lab.rows(insert)
    else:
        shop.lab.rows(insert)
        assert len(shop.lab.rows("SELECT id FROM book")) == 4


def test_sqlite_keeps_a_unique_behind_its_column(shop_sqlite: Shop) -> None:
    """In a batch that is about something else, although SQLAlchemy does not reflect it."""
    shop_sqlite.lab.rows("CREATE TABLE tag (id INTEGER PRIMARY KEY, code VARCHAR(20) UNIQUE)")
    shop_sqlite.upgrade_only("with op.batch_alter_table('tag', recreate='always'):\n        pass")
    sql = shop_sqlite.lab.rows("SELECT sql FROM sqlite_master WHERE name = 'tag'")[0][0]
    assert "VARCHAR(20) UNIQUE" in sql
