# ruff: noqa: E501
"""Revisions run up, down and up again on tables with rows: bad ones fail, each in its own words, and no good one does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.written import Written

from alembic_proof.doctor.project import Project
from alembic_proof.testing.chain import Chains, RoundTripError
from alembic_proof.testing.round_trip import round_trip

TABLES = """\
op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(100), nullable=False),
    sa.Column('email', sa.String(100)), sa.Column('price', sa.String(20)), sa.Column('born', sa.Date))
op.create_table('todos', sa.Column('id', sa.Integer, primary_key=True), sa.Column('description', sa.Text, nullable=False),
    sa.Column('rank', sa.Integer), sa.Column('user_id', sa.Integer, sa.ForeignKey('users.id', name='fk'), nullable=False))"""
DROP = "[op.drop_table(name) for name in ('todos', 'users')]"


def batch(table: str, *operations: str) -> str:
    """Return code that alters a table on any database."""
    return "\n".join([f"with op.batch_alter_table({table!r}) as batch:", *(f"    batch.{one}" for one in operations)])


NULLABLE = batch("todos", "add_column(sa.Column('done', sa.Boolean))")
FILLED = "op.execute(sa.text('UPDATE todos SET done = (1 = 0)'))"
STRICT = batch("todos", "alter_column('done', existing_type=sa.Boolean(), nullable=False)")
INTEGER = "alter_column('price', existing_type=sa.String(20), type_=sa.Integer, postgresql_using='price::integer')"
STRING = "alter_column('price', existing_type=sa.Integer, type_=sa.String(20), postgresql_using='price::varchar')"
DUPLICATES = (
    "op.execute(sa.text('DELETE FROM users WHERE email IN (SELECT email FROM (SELECT email FROM users GROUP BY email"
    " HAVING COUNT(*) > 1) AS twice)'))"
)

# By name: upgrade, downgrade, and a line that the revision has besides.
GOOD = {
    "three_steps": (f"{NULLABLE}\n{FILLED}\n{STRICT}", batch("todos", "drop_column('done')"), ""),
    "nulls_are_filled": (
        "op.execute(sa.text('UPDATE todos SET rank = 0 WHERE rank IS NULL'))\n"
        + batch("todos", "alter_column('rank', existing_type=sa.Integer, nullable=False)"),
        batch("todos", "alter_column('rank', existing_type=sa.Integer, nullable=True)"),
        "",
    ),
    "column_renamed": (
        batch("users", "alter_column('name', new_column_name='full_name', existing_type=sa.String(100), existing_nullable=False)"),
        batch("users", "alter_column('full_name', new_column_name='name', existing_type=sa.String(100), existing_nullable=False)"),
        "",
    ),
    "renamed_back": (
        batch("users", "alter_column('full_name', new_column_name='name', existing_type=sa.String(100), existing_nullable=False)"),
        batch("users", "alter_column('name', new_column_name='full_name', existing_type=sa.String(100), existing_nullable=False)"),
        "",
    ),
    "table_renamed": ("op.rename_table('todos', 'tasks')", "op.rename_table('tasks', 'todos')", ""),
    "table_named_back": ("op.rename_table('tasks', 'todos')", "op.rename_table('todos', 'tasks')", ""),
    "type_changed": (batch("users", INTEGER), batch("users", STRING), "rows = {'users': [{'price': '7'}, {'price': '12'}]}"),
    "unique": (
        DUPLICATES + "\n" + batch("users", "create_unique_constraint('uq_email', ['email'])"),
        batch("users", "drop_constraint('uq_email', type_='unique')"),
        "",
    ),
    "in_cents": (
        "op.execute(sa.text('UPDATE users SET price = price * 100'))",
        "op.execute(sa.text('UPDATE users SET price = price / 100'))",
        "",
    ),
    "meant": (
        batch("users", "drop_column('born')  # destroys data"),
        batch("users", "add_column(sa.Column('born', sa.Date))"),
        "",
    ),
}  # fmt: skip

# The same, and what the error says.
BAD = {
    "story_five": (
        batch("todos", "add_column(sa.Column('completed', sa.Boolean, nullable=False))"),
        batch("todos", "drop_column('completed')"),
        r"upgrade\(\) fails on the rows of todos: .*completed.*\(add the column with nullable=True, fill it",
    ),
    "dropped_and_added": (
        batch("users", "drop_column('name')") + "\n" + batch("users", "add_column(sa.Column('full_name', sa.String(100)))"),
        batch("users", "drop_column('full_name')") + "\n" + batch("users", "add_column(sa.Column('name', sa.String(100)))"),
        r"upgrade\(\) loses data: users\.name had the value .*, which no row has after it \(rename or convert .*# destroys data: users\.name",
    ),
    "deletes": ("op.execute(sa.text('DELETE FROM todos'))", "pass", r"upgrade\(\) loses data: todos\.id had the value '\d+'"),
    "downgrade_fails": (
        batch("todos", "alter_column('rank', existing_type=sa.Integer, type_=sa.BigInteger)"),
        "op.execute(sa.text('UPDATE todos SET user_id = NULL'))",
        r"downgrade\(\) fails on the rows of todos.*: .*user_id",
    ),
    "downgrade_loses_rows": ("pass", "op.execute(sa.text('DELETE FROM todos'))", r"downgrade\(\) loses data: todos\.id had the value"),
    "another_upgrade_fails": (
        "op.create_table('extra', sa.Column('id', sa.Integer, primary_key=True))",
        "pass",
        r"upgrade\(\) again fails: .*extra.*already exists.*\(it is created twice",
    ),
    "overwrites": (
        "op.execute(sa.text(\"UPDATE users SET email = 'unknown'\"))",
        "pass",
        r"upgrade\(\) loses data: users\.email had the value",
    ),
    "narrows": (
        "op.execute(sa.text('UPDATE todos SET description = substr(description, 1, 10)'))",
        "pass",
        r"upgrade\(\) loses data: todos\.description had the value",
    ),
    "check_over_rows": (
        batch("todos", "create_check_constraint('ck_rank', 'rank > 1000')"),
        batch("todos", "drop_constraint('ck_rank', type_='check')"),
        r"upgrade\(\) fails on the rows of .*todos.*: .*\(existing rows do not satisfy this.*; if such rows cannot exist",
    ),
    "drops_a_table": (
        "op.drop_table('todos')",
        TABLES[TABLES.index("op.create_table('todos'") :],
        r"upgrade\(\) loses data: todos\.id had the value '\d+', which no row has after it .*# destroys data: todos\.id",
    ),
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A project, and a server for its scratch databases."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    if "sqlite" not in database:
        monkeypatch.setenv("TEST_DATABASE_URL", database)
    return Written(tmp_path / "shop", database)


@pytest.fixture
def revisions(tmp_path: Path) -> Iterator[list[Chains]]:
    """Chains that are closed after the test."""
    opened: list[Chains] = []
    yield opened
    for chains in opened:
        chains.close()


def errors(shop: Written, opened: list[Chains], directory: Path) -> dict[str, str]:
    """Run all revisions; return what each fails with, an empty string if it does not."""
    project = Project(shop.ini)
    chains = Chains(project, directory)
    opened.append(chains)
    names = [script.revision for script in project.script_directory().walk_revisions()][::-1] or ["generated"]
    messages = dict.fromkeys(names, "")
    for n, name in enumerate(names):
        try:
            round_trip(chains.at(n), n)
        except RoundTripError as error:
            messages[name] = str(error)
    return messages


def write(shop: Written, revisions: dict[str, tuple[str, str, str]]) -> None:
    """Give a project a chain of revisions: upgrade, downgrade, and one more line."""
    after = "base_"
    shop.revision(after, None, TABLES, DROP)
    for name, (upgrade, downgrade, line) in revisions.items():
        shop.revision(name, after, upgrade, downgrade, line)
        after = name


def test_good_revisions_pass(shop: Written, revisions: list[Chains], tmp_path: Path) -> None:
    """Each of them, on each database."""
    write(shop, GOOD)
    assert errors(shop, revisions, tmp_path) == dict.fromkeys(["base_", *GOOD], "")


def test_bad_revisions_fail(shop: Written, revisions: list[Chains], tmp_path: Path) -> None:
    """Each in its own words; what comes after it is tested on a new database."""
    write(shop, {name: (upgrade, downgrade, "") for name, (upgrade, downgrade, _) in BAD.items()})
    messages = errors(shop, revisions, tmp_path)
    assert messages.pop("base_") == ""
    for name, (_, _, words) in BAD.items():
        assert re.search(words, messages[name]), messages[name]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("def downgrade()", "async def downgrade()", r"two\.py: downgrade\(\) is a coroutine"),
        ("def downgrade()", "def down()", r"two\.py has no function downgrade\(\)"),
    ],
)
def test_what_alembic_cannot_run(
    tmp_path: Path, sqlite: str, revisions: list[Chains], before: str, after: str, words: str
) -> None:
    """It would do nothing, and all would be well."""
    shop = Written(tmp_path / "shop", sqlite)
    shop.revision("one", None, TABLES, DROP)
    bad = shop.revision("two", "one", "pass")
    bad.write_text(bad.read_text("utf-8").replace(before, after), "utf-8")
    messages = errors(shop, revisions, tmp_path)
    assert messages["one"] == ""
    assert re.match(words, messages["two"]), messages


def test_without_revisions_the_generated_one_is_tried(shop: Written, revisions: list[Chains], tmp_path: Path) -> None:
    """The one that autogenerate would write, in a directory of the test."""
    shop.set_models('sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))')
    assert errors(shop, revisions, tmp_path) == {"generated": ""}
    assert revisions[0].at(1).contents["book"].rows == [("1",), ("2",), ("3",)]
    assert not list(shop.versions.iterdir())


def test_branches_and_merges(shop: Written, revisions: list[Chains], tmp_path: Path) -> None:
    """Each revision is run by itself, wherever it stands."""
    shop.revision("one", None, TABLES, DROP)
    left = batch("todos", "add_column(sa.Column('done', sa.Boolean, nullable=False, server_default=sa.false()))")
    shop.revision("left", "one", left, batch("todos", "drop_column('done')"))
    shop.revision("right", "one", "op.create_table('extra', sa.Column('x', sa.Integer))", "op.drop_table('extra')")
    merge = shop.revision("merge", "placeholder", "pass")
    merge.write_text(merge.read_text("utf-8").replace("'placeholder'", "('left', 'right')"), "utf-8")
    assert set(errors(shop, revisions, tmp_path).values()) == {""}


NEVER = "op.execute('CREATE TABLE closed (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, CONSTRAINT ck_n CHECK (n < 7 AND n > 7))')"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "",
            r"one\.py: no valid rows can be generated for the tables after it: closed; .*\(give the revision valid rows",
        ),
        ("rows = {'closed': []}", "^$"),
        ("rows = {'closed': [{'n': 8}]}", r"one\.py: no valid rows can be generated .* closed; .*ck_n"),
    ],
)
def test_own_rows(shop: Written, revisions: list[Chains], tmp_path: Path, line: str, words: str, database: str) -> None:
    """For a table that accepts none of the generated ones."""
    shop.revision("one", None, NEVER, "op.drop_table('closed')", line)
    assert re.search(words, errors(shop, revisions, tmp_path)["one"])
