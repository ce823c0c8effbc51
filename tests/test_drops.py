"""Nothing is dropped that nobody meant to drop; and what destroys data says so in its line."""

from conftest import Project, rows, schema

NOTES = "src/PACKAGE/models/notes.py"
MODELS = '''\
"""Notes, and what is stuck to them."""

from sqlalchemy import CheckConstraint, Computed, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class Note(Base):
    """A note."""

    __tablename__ = "notes"
    __table_args__ = (CheckConstraint("rank > 0", name="ranked"), UniqueConstraint("label"))

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(50))
    label: Mapped[str | None] = mapped_column(String(20), index=True)
    rank: Mapped[int | None]
    twice: Mapped[int | None] = mapped_column(Computed("rank * 2", persisted=True))
'''
PIN = '''

class Pin(Base):
    """A pin."""

    __tablename__ = "pins"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("notes.id"), index=True)
'''
TWICE = '    twice: Mapped[int | None] = mapped_column(Computed("rank * 2", persisted=True))\n'
LABEL = "    label: Mapped[str | None] = mapped_column(String(20), index=True)\n"
UNIQUE = 'UniqueConstraint("label")'


def first(project: Project, url: str) -> None:
    """Make the tables, with rows, beside a table of somebody else that refers to one of them."""
    project.write(".env", f"DATABASE_URL={url}\n")
    project.write(NOTES, MODELS + PIN)
    project.alembic("revision --autogenerate -m first", "upgrade head")
    rows(url, "INSERT INTO notes (id, text, label, rank) VALUES (1, '흰', 'a', 3), (2, 'x', NULL, NULL)")
    rows(url, "INSERT INTO pins (id, note_id) VALUES (7, 1)")
    rows(url, "CREATE TABLE somebody_elses (id INTEGER PRIMARY KEY, note_id INTEGER REFERENCES notes (id))")


def without_label_and_pins(project: Project) -> None:
    """Take a column with an index and a UNIQUE, and a table, out of the models."""
    project.write(NOTES, MODELS)
    project.edit(NOTES, LABEL, "")
    project.edit(NOTES, UNIQUE, "")


def test_a_column_and_a_table_are_dropped_if_somebody_means_it(project: Project, database: str) -> None:
    """Each is named; the lines say what they do; the downgrade brings both back, without what they held."""
    first(project, database)
    before = schema(database)
    without_label_and_pins(project)
    said = project.refused()
    assert (
        "This revision would destroy data: pins is in no model that env.py imports, and is dropped with its rows; notes.label is "
        "in no model that env.py imports, and is dropped with its values. If that is meant, say -x allow-drop=pins for each "
        "(alembic -x ... revision ...). Nothing was written."
    ) in said
    assert "pins is in no model that env.py imports" in project.refused("allow-drop=notes.label")
    text = project.change("gone", "allow-drop=notes.label", "allow-drop=pins")
    marked = [line.strip() for line in text.splitlines() if line.endswith("  # destroys data")]
    assert [line.partition("(")[0].partition(".")[2] for line in marked] == ["drop_column", "drop_table"]
    assert "destroys data" not in text.partition("def downgrade")[2]
    kept = [(1, "흰", 3, 6), (2, "x", None, None)]
    assert rows(database, "SELECT id, text, rank, twice FROM notes ORDER BY id") == kept
    project.alembic("downgrade -1")
    assert schema(database) == before
    assert rows(database, "SELECT id, label FROM notes ORDER BY id") == [(1, None), (2, None)]
    assert rows(database, "SELECT * FROM pins") == []


def test_a_computed_column_goes_without_a_question(project: Project, database: str) -> None:
    """It can be computed again, and the downgrade does; what is of somebody else is not even looked at."""
    first(project, database)
    project.edit(NOTES, TWICE, "")
    text = project.change("once")
    assert "drop_column(" in text
    assert "destroys data" not in text
    assert "somebody_elses" not in text
    project.alembic("downgrade -1")
    assert rows(database, "SELECT id, twice FROM notes ORDER BY id") == [(1, 6), (2, None)]


def test_on_a_terminal_it_asks(project: Project, sqlite: str) -> None:
    """About each by itself; an empty answer is no; what -x has answered is not asked."""
    first(project, sqlite)
    without_label_and_pins(project)
    command = ("revision", "--autogenerate", "-m", "asked")
    said, code = project.answered("y\n\n", "alembic", *command)
    assert "pins is in no model that env.py imports, and is dropped with its rows. Is that meant? [y/N] notes.label is" in said
    assert "destroy data: notes.label is in no model that env.py imports" in said
    assert code != 0
    assert not list(project.path.glob("migrations/versions/*_asked.py"))
    said, code = project.answered("y\n", "alembic", "-x", "allow-drop=pins", *command)
    assert code == 0, said
    assert "Drop pins" not in said
    (revision,) = project.path.glob("migrations/versions/*_asked.py")
    assert revision.read_text("utf-8").count("  # destroys data\n") == 2


def test_the_rule_can_be_switched_off(project: Project, sqlite: str) -> None:
    """As its comment says: nothing is asked. That the line destroys data is another rule."""
    first(project, sqlite)
    without_label_and_pins(project)
    assert "-x allow-drop=pins" in project.refused()
    rule = "    drops.ask,  # nothing is dropped that nobody meant to drop\n"
    project.edit("src/PACKAGE/db/autogenerate/__init__.py", rule, "")
    assert project.change("plain").count("  # destroys data\n") == 2
