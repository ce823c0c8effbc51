"""A rename is a rename, if somebody says so: the rows stay, and what refers to them follows."""

from pathlib import Path

from conftest import Project, rows, schema

RULES = "src/PACKAGE/db/autogenerate/__init__.py"
USERS = "src/PACKAGE/models/users.py"
MODELS = '''\
"""Who writes what."""

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class User(Base):
    """Who."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("name <> ''", name="given"), UniqueConstraint("name", "town"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), index=True, server_default="nobody")
    town: Mapped[str | None] = mapped_column(String(50))
    nick: Mapped[str | None] = mapped_column(String(20))
    score: Mapped[int | None]


class Post(Base):
    """What."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
'''
COLUMNS = {'"name': '"full_name', " name:": " full_name:", "nick": "nickname"}
RENAMES = {"user_id": "person_id", "users": "people", **COLUMNS}
NAMES = [  # of whatever has a name
    "fk_posts_person_id_people",
    "ix_people_full_name",
    "ix_posts_person_id",
    "ck_people_given",
    "uq_people_full_name_town",
]


def first(project: Project, url: str) -> None:
    """Make the tables, with rows."""
    project.write(".env", f"DATABASE_URL={url}\n")
    project.write(USERS, MODELS)
    project.alembic("revision --autogenerate -m first", "upgrade head")
    rows(url, "INSERT INTO users (id, name, town, nick) VALUES (1, '한강', 'Seoul', 'H'), (2, 'Kim', NULL, NULL)")
    rows(url, "INSERT INTO posts (id, user_id) VALUES (7, 1), (8, 2)")


def test_a_table_and_columns_renamed_at_once(project: Project, database: str) -> None:
    """It asks, takes every spelling of the answer, and keys, indexes and constraints get the names of the models."""
    first(project, database)
    before = schema(database)
    for old, new in RENAMES.items():
        project.edit(USERS, old, new)
    said = project.refused()
    assert "only you know whether it was renamed:\n  users to people\nSay -x rename=users:people for each" in said
    answers = ["rename=users->people", "rename=users.name=full_name", "rename=people.nick:people.nickname"]
    said = project.refused(*answers)
    assert "renamed:\n  posts.user_id to posts.person_id\nSay" in said
    assert "Warning" not in said
    text = project.change("renames", *answers, "rename=posts.user_id:person_id")
    assert "# destroys data" not in text
    query = "SELECT full_name, town, nickname, posts.id FROM people JOIN posts ON person_id = people.id ORDER BY 4"
    assert rows(database, query) == [("한강", "Seoul", "H", 7), ("Kim", None, None, 8)]
    after = schema(database)
    assert [name for name in NAMES if name not in str(after)] == []
    project.alembic("downgrade -1")
    assert schema(database) == before
    assert len(rows(database, "SELECT * FROM users JOIN posts ON user_id = users.id WHERE name > ''")) == 2
    project.alembic("upgrade head")
    assert schema(database) == after


def test_the_most_likely_comes_first(project: Project, sqlite: str) -> None:
    """By name and by type; what cannot be the same is not among them; alembic check asks nothing."""
    first(project, sqlite)
    for old, new in {**COLUMNS, "    score: Mapped[int | None]\n": ""}.items():
        project.edit(USERS, old, new)
    assert """renamed:
  users.nick to users.nickname
  users.name to users.full_name
  users.name to users.nickname
  users.nick to users.full_name
Say -x rename=users.nick:nickname for each that was, and -x no-rename for the rest""" in project.refused()
    said, code = project.answered("", "alembic", "check")
    assert "New upgrade operations detected: [('add_column'" in said
    assert "[y/N]" not in said
    assert "destroys" not in said
    assert code != 0


def test_an_answer_that_fits_nothing(project: Project, sqlite: str) -> None:
    """It may be misspelled; beside answers that fit, too."""
    first(project, sqlite)
    project.edit(USERS, "nick:", "nickname:")
    fits = "rename=users.nick:nickname"
    for wrong in ("rename=users.nik:nickname", "allow-drop=users.nick"):
        assert f"-x {wrong} fits nothing that changes. Nothing was written." in project.refused(fits, wrong)


def test_on_a_terminal_it_asks(project: Project, sqlite: str) -> None:
    """Of what is renamed, nothing is asked again; what is not, is dropped, which is a question of its own."""
    first(project, sqlite)
    for old, new in COLUMNS.items():
        project.edit(USERS, old, new)
    command = ("alembic", "revision", "--autogenerate", "-m", "asked")
    said, code = project.answered("y\nn\n\n", *command)
    asks = "Did you rename users.{} to users.{}? [y/N] "
    assert asks.format("nick", "nickname") + asks.format("name", "full_name") in said
    assert "users.name is in no model any more, and is dropped with its values. Is that meant? [y/N]" in said
    assert "destroy data: users.name is in no model any more" in said
    assert code != 0
    assert not asked(project)
    said, code = project.answered("y\ny\n", *command)
    assert code == 0, said
    assert "Drop" not in said
    (revision,) = asked(project)
    text = revision.read_text("utf-8")
    assert text.count("new_column_name='nickname'") == text.count("new_column_name='full_name'") == 1
    assert "drop_column" not in text
    revision.unlink()
    said, code = project.answered("n\n" * 4 + "y\n" * 2, *command)
    assert code == 0, said
    (revision,) = asked(project)
    text = revision.read_text("utf-8")
    assert text.count("# destroys data") == 2
    assert "new_column_name" not in text


def asked(project: Project) -> list[Path]:
    """Return the revision that the questions are about, if it has been written."""
    return list(project.path.glob("migrations/versions/*_asked.py"))


def test_what_was_not_renamed_is_dropped_and_added(project: Project, sqlite: str) -> None:
    """For one column, or for all; and a rename among them."""
    first(project, sqlite)
    for old, new in COLUMNS.items():
        project.edit(USERS, old, new)
    renamed, drop = "rename=users.name:full_name", "allow-drop=users.nick"
    assert "users.nick is in no model any more" in project.refused(renamed, "no-rename=users.nick")
    text = project.change("new nick", renamed, "no-rename", drop)
    assert "drop_column('nick')  # destroys data" in text
    assert rows(sqlite, "SELECT full_name, nickname FROM users ORDER BY id") == [("한강", None), ("Kim", None)]
    project.alembic("downgrade -1", "upgrade head")


def test_the_rule_can_be_switched_off(project: Project, sqlite: str) -> None:
    """As its comment says."""
    first(project, sqlite)
    project.edit(USERS, "nick:", "nickname:")
    project.edit(RULES, "    renames.ask,  # a column or table that goes and one that comes may be the same\n", "")
    assert "users.nick is in no model any more" in project.refused()
    project.edit(RULES, "    drops.ask,  # nothing is dropped that nobody meant to drop\n", "")
    text = project.change("plain")
    assert "batch_op.add_column(sa.Column('nickname'" in text
    assert "batch_op.drop_column('nick')  # destroys data" in text
