"""A rename is a rename, if somebody says so: the rows stay, and what refers to them follows."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    func,
)
from support.databases import make_database
from support.lab import Lab
from support.models import CONVENTION, column

from alembic_proof.prompts import Scripted


def models(*without: str, **new: str) -> MetaData:
    """Return users and their posts, without some columns, and with other names where they are given."""
    users, posts, user_id = new.get("users", "users"), "posts", new.get("user_id", "user_id")
    name, nick = new.get("name", "name"), new.get("nick", "nick")
    metadata = MetaData(naming_convention=CONVENTION)
    columns: list[Column[Any]] = [
        Column("id", Integer, primary_key=True),
        Column(name, String(50), index=True, server_default="nobody", nullable=False),
        Column("town", String(50)),
        Column(nick, String(20)),
        Column("score", Integer),
    ]
    constraints = (CheckConstraint(f"{name} <> ''", name="given"), UniqueConstraint(name, "town"))
    Table(users, metadata, *[column for column in columns if column.name not in without], *constraints)
    key = column(user_id, ForeignKey(f"{users}.id", ondelete="CASCADE"), index=True, nullable=False)
    Table(posts, metadata, Column("id", Integer, primary_key=True), key)
    return metadata


def start(lab: Lab) -> Lab:
    """Create the tables, with rows."""
    lab.change(models())
    lab.rows("INSERT INTO users (id, name, town, nick) VALUES (1, '한강', 'Seoul', 'H'), (2, 'Kim', NULL, NULL)")
    lab.rows("INSERT INTO posts (id, user_id) VALUES (7, 1), (8, 2)")
    return lab


COLUMNS = {"name": "full_name", "nick": "nickname"}
ALL = {"user_id": "person_id", "users": "people", **COLUMNS}
NAMES = [  # of whatever has a name
    "fk_posts_person_id_people",
    "ix_people_full_name",
    "ix_posts_person_id",
    "ck_people_given",
    "uq_people_full_name_town",
]


def test_a_table_and_columns_are_renamed_at_once(lab: Lab) -> None:
    """It asks, takes every spelling of the answer, and keys, indexes and constraints get the names of the models."""
    before = start(lab).schema()
    message = lab.refused(models(**ALL))
    likely = ["rename=users:people", "rename=people.name:full_name", "rename=people.nick:nickname"]
    assert [answer for answer in [*likely, "rename=posts.user_id:person_id"] if f"-x {answer} " not in message] == []
    answers = ["rename=users->people", "rename=users.name=full_name", "rename=people.nick:people.nickname"]
    message = lab.refused(models(**ALL), *answers)
    assert message.startswith(
        "There is 1 question, and nobody who can be asked.\nposts.user_id is in no model any more."
    )
    assert "# destroys data" not in lab.change(models(**ALL), *answers, "rename=posts.user_id:person_id")
    query = "SELECT full_name, town, nickname, posts.id FROM people JOIN posts ON person_id = people.id ORDER BY 4"
    assert lab.rows(query) == [("한강", "Seoul", "H", 7), ("Kim", None, None, 8)]
    after = lab.schema()
    assert [name for name in NAMES if name not in str(after)] == []
    lab.downgrade()
    assert lab.schema() == before
    assert len(lab.rows("SELECT * FROM users JOIN posts ON user_id = users.id WHERE name > ''")) == 2
    lab.upgrade()
    assert lab.schema() == after


def test_a_table_whose_foreign_keys_follow_renamed_tables(lab: Lab) -> None:
    """Of user_tag, nothing but the tag has its name afterwards, and there are new columns besides."""

    def tagged(name: str, *more: str) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        new = [[Column(each, Integer, server_default="1") for each in more] for _ in range(3)]
        Table(name, metadata, Column("id", Integer, primary_key=True), Column("email", String(20)), *new[0])
        Table(
            f"{name}_tag",
            metadata,
            Column(f"{name}_id", ForeignKey(f"{name}.id"), primary_key=True),
            Column("tag", String(9), primary_key=True),
            *new[1],
        )
        Table("stamp", metadata, Column("id", Integer, primary_key=True), *new[2])
        return metadata

    lab.change(tagged("person"))
    lab.rows("INSERT INTO person VALUES (1, 'a')")
    lab.rows("INSERT INTO person_tag VALUES (1, 'x')")
    changed = tagged("account", "rev", "owner")
    likely = ["rename=person:account", "rename=person_tag:account_tag", "rename=account_tag.person_id:account_id"]
    message = lab.refused(changed)
    (command,) = [line for line in message.splitlines() if line.startswith("    alembic ")]
    assert {word for word in command.split() if "=" in word} == {*likely}
    lab.change(changed, *likely)
    assert lab.rows("SELECT account_id, tag FROM account_tag") == [(1, "x")]
    lab.downgrade()
    assert lab.rows("SELECT person_id, tag FROM person_tag") == [(1, "x")]


def test_all_questions_are_said_at_once(lab: Lab) -> None:  # D1
    """A rename and what it hides, two NOT NULL, a drop: one command answers them, whichever way it was."""
    start(lab)
    changed = models("score", **COLUMNS)
    changed.tables["users"].append_column(Column("done", Boolean, nullable=False))
    changed.tables["users"].c.town.nullable = False
    changed.tables["users"].c.nickname.nullable = False
    message = lab.refused(changed, "tenant=x y")
    assert "    -x allow-drop=users.nick -x fill=users.nickname=VALUE  it was removed, and is dropped" in message
    command = next(line for line in message.splitlines() if line.startswith("    alembic"))
    words = shlex.split(command.replace("VALUE", "1").replace("alembic", "").replace("revision ...", ""))
    answers = [word for word in words if word != "-x"]
    assert sorted(answers) == [
        "allow-drop=users.score",
        "fill=users.done=1",
        "fill=users.nickname=1",
        "fill=users.town=1",
        "rename=users.name:full_name",
        "rename=users.nick:nickname",
        "tenant=x y",
    ]
    assert lab.differences(changed).startswith("New upgrade operations detected: [")
    lab.change(changed, *answers)
    rows = lab.rows("SELECT full_name, nickname, done, town FROM users ORDER BY id")
    assert rows == [("한강", "H", True, "Seoul"), ("Kim", "1", True, "1")]


def test_four_columns_for_four_are_four_questions(lab_sqlite: Lab) -> None:  # D2
    """At most: their order in the table counts, where nothing else tells them apart."""
    tables = []
    for names in ("one two three four", "uno dos tres quatro"):
        metadata = MetaData()
        Table(
            "t", metadata, Column("id", Integer, primary_key=True), *[Column(name, Integer) for name in names.split()]
        )
        tables.append(metadata)
    lab_sqlite.change(tables[0])
    lab_sqlite.rows("INSERT INTO t VALUES (1, 2, 3, 4, 5)")
    asker = lab_sqlite.asker = Scripted(["1", "1", "1", "1"])
    lab_sqlite.change(tables[1])
    assert len(asker.questions) == 4
    assert lab_sqlite.rows("SELECT uno, dos, tres, quatro FROM t") == [(2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (
            ["rename=users.nik:nickname"],
            "\n-x rename=users.nik:nickname does not match any detected change; the command",
        ),
        (
            ["rename=users.nick:nickname", "rename=users.nik:nickname"],
            "-x rename=users.nik:nickname does not match any",
        ),
        (["rename=users.nick:nickname", "allow-drop=users.nick"], "-x allow-drop=users.nick does not match any det"),
        (["renam=users.nick:nickname"], "\nThere is no -x renam: did you mean -x rename?\n"),
    ],
)
def test_an_answer_that_does_not_match(lab_sqlite: Lab, answers: list[str], message: str) -> None:
    """It may be misspelled; beside answers that match, too."""
    assert message in start(lab_sqlite).refused(models(nick="nickname"), *answers)


def test_what_was_not_renamed_is_dropped_and_added(lab_sqlite: Lab) -> None:
    """For one column, or for all; and a rename among them."""
    lab = start(lab_sqlite)
    renamed = "rename=users.name:full_name"
    assert "users.nick is in no model that env.py imports" in lab.refused(
        models(**COLUMNS), renamed, "no-rename=users.nick"
    )
    text = lab.change(models(**COLUMNS), renamed, "no-rename", "allow-drop=users.nick")
    assert "drop_column('nick')  # destroys data" in text
    assert lab.rows("SELECT full_name, nickname FROM users ORDER BY id") == [("한강", None), ("Kim", None)]
    lab.downgrade()
    lab.upgrade()


def test_a_column_is_renamed_and_changed(lab: Lab) -> None:
    """What differs after the rename is found by the second comparison."""
    start(lab)
    changed = models(nick="nickname")
    changed.tables["users"].c.nickname.type = String(40)
    text = lab.change(changed, "rename=users.nick:nickname")
    assert text.count("new_column_name='nickname'") == 1
    assert "length=40" in text
    assert lab.rows("SELECT nickname FROM users WHERE id = 1") == [("H",)]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_in_a_database_with_many_tables(kind: str, tmp_path: Path) -> None:
    """Of more than 100, Alembic reflects all at once, by another way."""
    with make_database(kind, tmp_path) as url:
        lab = Lab(tmp_path, url)
        many = [MetaData(), MetaData()]
        for metadata, name in zip(many, ("old_name", "new_name"), strict=True):
            for number in range(120):
                Table(f"t{number}", metadata, Column("id", Integer, primary_key=True))
            Table("last", metadata, Column("id", Integer, primary_key=True), Column(name, Integer))
        lab.change(many[0])
        assert "new_column_name='new_name'" in lab.change(many[1], "rename=last.old_name:new_name")


def test_a_computed_column(lab: Lab) -> None:
    """A6: it is still computed, and its index and what it is computed from may have another name too."""

    def models(name: str, base: str) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        computed: Column[Any] = Column(name, Integer, Computed(f"{base} * 2", persisted=True), index=True)
        Table("t", metadata, Column("id", Integer, primary_key=True), Column(base, Integer), computed)
        return metadata

    lab.change(models("twice", "size"))
    lab.rows("INSERT INTO t (id, size) VALUES (1, 2)")
    before = lab.schema()
    lab.change(models("The Double", "length"), "rename=t.twice:The Double", "rename=t.size:length")
    assert lab.rows("SELECT * FROM t") == [(1, 2, 4)]
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
    lab.rows("INSERT INTO t (id, length) VALUES (2, 3)")
    assert lab.rows("SELECT * FROM t ORDER BY id") == [(1, 2, 4), (2, 3, 6)]


def test_a_computed_column_swaps_its_name_with_one_that_gets_another_type(lab: Lab) -> None:
    """Two types have one name, one after the other."""

    def models(number: str, text: str, type_: Any) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        computed: Column[Any] = Column(text, String(20), Computed("coalesce(base, 'x')", persisted=True))
        more = [Column(number, type_, nullable=False), Column("base", String(20)), computed]
        Table("t", metadata, Column("id", Integer, primary_key=True), *more)
        return metadata

    lab.change(models("a", "b", BigInteger))
    lab.rows("INSERT INTO t (id, a, base) VALUES (1, 2, 'y')")
    before = lab.schema()
    lab.change(models("b", "a", Numeric(20, 0)), "rename=t.a:b", "rename=t.b:a", "allow-drop")
    assert lab.rows("SELECT id, b, base, a FROM t") == [(1, 2, "y", "y")]
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT id, a, base, b FROM t") == [(1, 2, "y", "y")]


def test_a_number_takes_the_name_of_the_key(lab: Lab) -> None:
    """And becomes the key."""
    before, after = (MetaData(naming_convention=CONVENTION) for _ in range(2))
    Table("t", before, Column("id", Uuid, primary_key=True))
    Table("t", after, Column("code", Uuid, nullable=False), Column("id", Integer, primary_key=True))
    lab.change(before)
    lab.rows("INSERT INTO t VALUES ('6ba7b8109dad11d180b400c04fd430c8')")
    schema = lab.schema()
    lab.change(after, "rename=t.id:code")
    assert lab.rows("SELECT id FROM t") == [(1,)]
    lab.downgrade()
    assert lab.schema() == schema
    lab.upgrade()
    assert lab.rows("SELECT id FROM t") == [(1,)]


def test_differences_are_told_before_the_questions(lab_sqlite: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """And not between them, when it compares again; each once."""
    start(lab_sqlite)
    told: list[int] = []

    class Person(Scripted):
        def text(self, question: str) -> str | None:
            told.append(len(caplog.records))
            return super().text(question)

    lab_sqlite.asker = Person(["1"] * 4)
    with caplog.at_level("INFO", "alembic.autogenerate"):
        lab_sqlite.revision(models(**ALL))
    assert len(told) == 4
    assert len({*told}) == 1
    assert "Detected added table 'people'" in caplog.text


@pytest.mark.parametrize("is_removed", [True, False])
def test_a_plain_column_and_a_computed_one(lab: Lab, is_removed: bool) -> None:
    """A plain column is no computed one, however alike; one that was computed may be plain, with its values."""

    def doubled(column: Column[Any]) -> MetaData:
        metadata = MetaData()
        Table("t", metadata, Column("id", Integer, primary_key=True), Column("base", Integer), column)
        return metadata

    def plain() -> MetaData:
        return doubled(Column("twice", Integer))

    def computed() -> MetaData:
        return doubled(Column("doubled", Integer, Computed("base * 2", persisted=True)))

    if is_removed:
        lab.change(computed())
        lab.rows("INSERT INTO t (id, base) VALUES (1, 7)")
        assert "-x rename=t.doubled:twice" in lab.refused(plain())
        lab.change(plain(), "rename=t.doubled:twice")
        assert lab.rows("SELECT twice FROM t") == [(14,)]
    else:
        lab.change(plain())
        assert "-x rename=" not in lab.refused(computed())
        lab.change(computed(), "allow-drop=t.twice")


def test_a_foreign_key_that_the_database_has_named(lab_mysql: Lab) -> None:
    """MariaDB renames it with its table, where its type changes too; up, down and up."""

    def tree(name: str, type_: Any) -> MetaData:
        metadata = MetaData()
        parent = Column("parent", type_, ForeignKey(f"{name}.id"))
        Table(name, metadata, Column("id", type_, primary_key=True), parent)
        return metadata

    lab_mysql.change(tree("node", Integer))
    lab_mysql.rows("INSERT INTO node VALUES (1, NULL), (2, 1)")
    before = lab_mysql.schema()
    lab_mysql.change(tree("tree", BigInteger), "rename=node:tree")
    lab_mysql.downgrade()
    assert lab_mysql.schema() == before
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT * FROM tree ORDER BY id") == [(1, None), (2, 1)]


def test_the_order_in_an_index_of_an_expression(lab_postgresql: Lab) -> None:
    """It comes back in a downgrade, although the column in the expression has got another name meanwhile."""

    def models(name: str, is_indexed: bool) -> MetaData:
        metadata = MetaData()
        table = Table(
            "t", metadata, Column("id", Integer, primary_key=True), Column(name, Integer), Column("c", Integer)
        )
        if is_indexed:
            Index("ix", func.abs(table.c[name]).desc(), table.c.c.desc())
        return metadata

    lab, query = lab_postgresql, "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix'"
    lab.change(models("x", True))
    before = lab.rows(query)
    lab.change(models("y", False), "rename=t.x:y")
    lab.downgrade()
    assert lab.rows(query) == before


def test_names_in_other_letters(lab: Lab) -> None:
    """To SQLite they are the same, and it refuses to give a table one; that of its key was not changed."""
    start(lab)
    before = lab.schema()
    lab.change(models(users="Users", nick="Nick"), "rename=users:Users", "rename=Users.nick:Nick")
    quote = lab.engine.dialect.identifier_preparer.quote
    assert lab.rows(f"SELECT {quote('Nick')} FROM {quote('Users')} ORDER BY id") == [("H",), (None,)]
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
