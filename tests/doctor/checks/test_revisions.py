"""Checks of the revision files."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from sqlalchemy import Column, Enum, Integer, MetaData, Table
from sqlalchemy.orm import declarative_base

from alembic_proof.doctor.checks.revisions import (
    every_revision_is_loaded,
    revisions_are_self_contained,
    revisions_form_one_line,
    revisions_keep_data,
    versions_hold_revisions,
)
from alembic_proof.doctor.findings import Severity
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.revision_chain import Chain

Lay = Callable[[dict[str, str]], Project]


def revision(name: str, before: object = None, **values: object) -> dict[str, str]:
    """Return a revision file."""
    lines = [f"{key} = {value!r}" for key, value in {"revision": name, "down_revision": before, **values}.items()]
    return {f"migrations/versions/{name[:4]}.py": "\n".join(lines)}


def chain(*files: dict[str, str]) -> dict[str, str]:
    """Return several of them."""
    return {name: text for file in files for name, text in file.items()}


def written_for(name: str, now: str, before: object = None) -> dict[str, str]:
    """Return a revision file that Alembic wrote for one id, and that has another one now."""
    text = "\n".join(revision(now, before).values())
    return {f"migrations/versions/{name}_x.py": f'"""x\n\nRevision ID: {name}\n"""\n{text}'}


LINES: list[tuple[dict[str, str], list[str]]] = [
    (chain(), []),
    (chain(revision("a1"), revision("b2", "a1"), revision("c3", "b2")), []),
    (chain(revision("a1"), revision("b2", "a")), ["down_revision is a, which is only the beginning of a1"]),
    (chain(revision("a1x", None), revision("b2", "a1y")), ["it follows revision a1y, which is missing"]),
    (chain(revision("a1"), revision("b2")), ["a second line begins with it: there are 2 heads, a1 and b2"]),
    (chain(revision("a1", "b2"), revision("b2", "a1")), ["it follows itself, by way of others (a1 -> b2 -> a1)"]),
    (chain(revision("a1"), revision("b2", "b2")), ["it follows itself (b2)"]),
    (
        chain(revision("a1"), revision("b2", "a1", depends_on="c3"), revision("c3", "b2")),
        ["it follows itself, by way of others (b2 -> c3 -> b2)"],
    ),
    (
        chain(revision("c3", "b2"), revision("d4", "c3"), revision("e5", "c3")),
        ["it follows revision b2, which is miss"],
    ),
    (
        chain(revision("c3"), revision("a1", "c3", branch_labels="x"), revision("d4", None, depends_on="x")),
        [],
    ),
    (chain(revision("a1"), revision("b2", "a1"), revision("c3", "a1")), ["there are 2 heads, b2 and c3"]),
    (chain(revision("a1"), revision("b2", "a1"), revision("c3", "a1"), revision("d4", ("b2", "c3"))), []),
    (chain(revision("a1", branch_labels="shop"), revision("b2", branch_labels=("audit",))), []),
    (chain(revision("a1"), revision("b2", "a1", branch_labels="", depends_on="")), []),
    (chain(revision("b2", "a1")), ["it follows revision a1, which is missing"]),
    (chain(revision("a1"), revision("b2", "a1", depends_on="gone")), ["it follows revision gone, which is missing"]),
    (chain(revision("a1", branch_labels="x"), revision("b2", "a1", depends_on="x")), []),
    (chain(revision("a1"), written_for("a1", "b2", "a1")), []),  # it was copied
    (chain(written_for("a1", "b2")), []),  # and nobody names the other one
    (chain(revision("x" * 33)), ["its id is longer than the 32 characters"]),
    (
        chain(revision("a1"), {"migrations/versions/b.py": "revision = 'a1'\ndown_revision = None"}),
        ["its id a1 is also that of"],
    ),
]


@pytest.mark.parametrize(("files", "messages"), LINES)
def test_the_chain(lay: Lay, files: dict[str, str], messages: list[str]) -> None:
    """Has one head, unless branches are meant, and no hole."""
    findings = list(revisions_form_one_line.find(lay(files)))
    assert len(findings) == len(messages)
    assert all(message in finding.message for finding, message in zip(findings, messages, strict=True))


UNUSABLE: list[tuple[dict[str, str], str, str]] = [
    (chain(revision("a1"), {"migrations/versions/b.py": "revision = 2\ndown_revision = 'a1'"}), "b.py:1", "no text"),
    (chain(revision("a1"), revision("b2", 1)), "b2.py:2", "down_revision names 1, and no text"),
    (chain(revision("a1"), revision("b2", ("a1", 1))), "b2.py:2", "down_revision names 1, and no text"),
    (chain(revision("a1"), revision("b2", ("a1", None))), "b2.py:2", "down_revision names None, and no text"),
    (chain(revision("a1"), revision("b2", "a1", depends_on=1)), "b2.py:3", "depends_on names 1, and no text"),
    (chain(revision("a1"), revision("b2", "")), "b2.py:2", "down_revision is '', which is the id of no revision"),
    (chain(revision("a1"), revision("b2", "None")), "b2.py:2", "down_revision is 'None', which is"),
    (chain(revision("a1"), {"migrations/versions/b.py": "revision = 'b2'"}), "b.py:1", "nothing to down_revision"),
    (chain(revision("a1"), revision("b-2", "a1")), "b-2.py:1", "its id b-2 has a -, which Alembic does not take"),
    (
        chain(revision("a1", branch_labels="x"), revision("b2", "a1", branch_labels=["x"])),
        "b2.py:3",
        "its branch label x is also one of migrations/versions/a1.py",
    ),
    (chain(revision("a1"), revision("b2", "a1", branch_labels="a1")), "b2.py:3", "its branch label a1 is also"),
]


@pytest.mark.parametrize(("files", "where", "message"), UNUSABLE)
def test_a_name_that_alembic_cannot_use(lay: Lay, files: dict[str, str], where: str, message: str) -> None:
    """Is the only thing that is told: the rest follows from it."""
    (finding,) = revisions_form_one_line.find(lay(files))
    assert finding.where == f"migrations/versions/{where}"
    assert message in finding.message


# The fix for each hole or circle.
FIXES: list[tuple[dict[str, str], str, str]] = [
    (chain(revision("a1"), revision("b2", "a")), "b2.py:2", "down_revision = 'a1'"),
    (chain(revision("a1"), revision("b2", "a1", depends_on="a")), "b2.py:3", "depends_on = 'a1'"),
    (
        chain(revision("27c6a30d7c24"), revision("ee3bd0b1a7c0", "27c6a30d7c42")),
        "ee3b.py:2",
        "if 27c6a30d7c24 is meant: down_revision = '27c6a30d7c24'; if not, restore the file",
    ),
    (chain(revision("b2", "a1")), "b2.py:2", "git log --diff-filter=D --name-only -- migrations/versions"),
    (chain(revision("a1", "b2"), revision("b2", "a1")), "a1.py:2", "if it is the first revision: down_revision = None"),
    (
        chain(
            {"migrations/versions/z.py": '"""x\n\nRevises: \n"""\nrevision = "z"\ndown_revision = "b2"'},
            revision("b2", "z"),
        ),
        "z.py:6",
        "down_revision = None",
    ),
    (chain(written_for("a1", "zz"), revision("b2", "a1")), "a1_x.py:5", "revision = 'a1'; or write zz wherever a1 is"),
    (chain(written_for("a1", "zz"), revision("b2", "a2")), "b2.py:2", "restore the file of revision a2"),
    (chain(revision("a1"), revision("b2")), "b2.py:2", "if it follows a1: down_revision = 'a1'"),
    (
        chain(
            {"migrations/versions/z.py": '"""x\n\nCreate Date: 2020-01-01\n"""\nrevision = "z"\ndown_revision = None'},
            {"migrations/versions/a.py": '"""x\n\nCreate Date: 2021-01-01\n"""\nrevision = "a"\ndown_revision = None'},
        ),
        "a.py:6",
        "if it follows z: down_revision = 'z'",
    ),
]


@pytest.mark.parametrize(("files", "where", "fix"), FIXES)
def test_how_a_chain_is_mended(lay: Lay, files: dict[str, str], where: str, fix: str) -> None:
    """At the line that says what a revision follows."""
    (finding,) = revisions_form_one_line.find(lay(files))
    assert finding.where == f"migrations/versions/{where}"
    assert fix in finding.fix


def test_a_line_in_a_directory_of_its_own(lay: Lay) -> None:
    """It is meant so."""
    ini = "[alembic]\nscript_location = migrations\nversion_locations = migrations/versions:more\npath_separator = os\n"
    other = {"more/b2.py": revision("b2")["migrations/versions/b2.py"]}
    (finding,) = revisions_form_one_line.find(lay({"alembic.ini": ini, **revision("a1"), **other}))
    assert finding.severity is Severity.NOTE


STRAYS = {
    "helpers.py": ("def add(): ...", ["it lies among the revisions and is none"]),
    "__init__.py": ("", []),
    "abc123.py": ("", []),  # Alembic takes the name for the id
    "made.py": ("from other import revision, upgrade, downgrade", []),
    "every.py": ("from other import *", []),
    "later.py": ("for revision in ('a1',): pass\nupgrade = downgrade = print", []),
    "broken.py": ("def (", []),  # another check says so
    "a1_x.py": ("def upgrade(): ...", ["it has an upgrade(), and assigns nothing to revision"]),  # not to be moved away
    "b2.py": ("revision = 'b2'\ndef upgrade(): ...", ["it has no downgrade(): alembic downgrade ends here"]),
    "c3.py": ("revision = 'c3'\nasync def upgrade(): ...\ndef downgrade(): ...", ["upgrade() is async"]),
}


@pytest.mark.parametrize("name", STRAYS)
def test_a_file_that_is_no_revision(lay: Lay, name: str) -> None:
    """It stops every command of Alembic, or the one that calls what it lacks."""
    text, messages = STRAYS[name]
    findings = list(versions_hold_revisions.find(lay({f"migrations/versions/{name}": text})))
    assert len(findings) == len(messages)
    for finding, message in zip(findings, messages, strict=True):
        assert finding.where.startswith(f"migrations/versions/{name}")
        assert message in finding.message


COLUMN = "sa.Column('y', sa.Integer(){})"
UNFILLED = "a NOT NULL column without a server_default cannot be added to a table with rows"
DROPS = "it drops {}, and nothing says that its data may be lost"
RISKS: list[tuple[str, list[str], str]] = [
    ("pass", [], ""),
    (f"op.add_column('t', {COLUMN.format('')})", [], ""),
    (f"op.add_column('t', {COLUMN.format(', nullable=False')})", [UNFILLED], "nullable=True, fill it"),
    (f"op.add_column('t', {COLUMN.format(', server_default=None, nullable=False')})", [UNFILLED], ""),
    (f"""op.add_column('t', {COLUMN.format(", server_default='1', nullable=False")})""", [], ""),
    (f"op.add_column('t', {COLUMN.format(', sa.Identity(), nullable=False')})", [], ""),
    (f"""op.add_column('t', {COLUMN.format(", sa.Computed('x'), nullable=False")})""", [], ""),
    (f"op.add_column('t', {COLUMN.format(', nullable=False')})  # destroys data", [], ""),
    (
        f"with op.batch_alter_table('t') as b:\n        b.add_column({COLUMN.format(', nullable=False')})",
        [UNFILLED],
        "",
    ),
    (
        f"op.add_column('t', {COLUMN.format('')})\n    op.drop_column('t', 'x')",
        ["it drops x and adds y: the data of x is lost"],
        "op.alter_column('t', 'x', new_column_name='y')",
    ),
    (
        f"op.add_column('t', {COLUMN.format('')})\n    op.drop_column('u', 'x')",
        [DROPS.format("u.x")],
        "# destroys data",
    ),
    (
        f"with op.batch_alter_table('t') as b:\n        b.add_column({COLUMN.format('')})\n        b.drop_column('x')",
        ["it drops x and adds y: the data of x is lost"],
        "op.alter_column('t', 'x', new_column_name='y')",
    ),
    (
        f"op.add_column('t', {COLUMN.format('')})\n    op.execute('UPDATE t SET y = x')\n    op.drop_column('t', 'x')",
        [],
        "",
    ),
    ("op.drop_column('t', 'x')", [DROPS.format("t.x")], "if that is meant, end the line with the comment: # destroys"),
    ("op.drop_column('t', 'x')  # destroys data", [], ""),
    ("for name in ('x', 'y'): op.drop_column('t', name)", [DROPS.format("t.name")], ""),
    ("op.drop_column('t', 'x')\n    op.drop_column('t', 'z')", [DROPS.format("t.x"), DROPS.format("t.z")], ""),
    ("op.drop_table('t')", [DROPS.format("t")], ""),
    ("op.create_table('t')\n    op.drop_table('t')", [], ""),
    (f"op.add_column('t', {COLUMN.format('')})\n    op.drop_column('t', 'y')", [], ""),
    (
        "op.create_table('u', sa.Column('id', sa.Integer()))\n    op.drop_table('t')",
        ["it drops t and adds u: the data of t is lost"],
        "op.rename_table('t', 'u')",
    ),
    ("op.create_table('u')\n    op.execute('INSERT INTO u SELECT * FROM t')\n    op.drop_table('t')", [], ""),
    ("op.create_table('u')\n    op.drop_table('t')  # destroys data", [], ""),
]


@pytest.mark.parametrize(("upgrade", "messages", "fix"), RISKS)
def test_lost_data(lay: Lay, upgrade: str, messages: list[str], fix: str) -> None:
    """A rename written as a drop, and a column for which existing rows have no value."""
    text = f"revision = 'a1'\ndown_revision = None\n\ndef upgrade():\n    {upgrade}\n\ndef downgrade():\n    "
    text += f"op.add_column('t', {COLUMN.format(', nullable=False')})\n"
    findings = list(revisions_keep_data.find(lay({"migrations/versions/a1.py": text})))
    assert [finding.message for finding in findings] == messages
    assert all(fix in finding.fix for finding in findings)


def test_a_file_that_alembic_does_not_load(lay: Lay) -> None:
    """In a subdirectory, or with a name that is no module's."""
    found = "revision = 'b2'\ndown_revision = 'a1'\n"
    project = lay(
        {
            **revision("a1"),
            "migrations/env.py": "",
            "migrations/versions/2026/b2.py": found,
            "migrations/versions/b2": found,
            "migrations/versions/README": "revision of 2026",
        }
    )
    places = [finding.where for finding in every_revision_is_loaded.find(project)]
    assert sorted(places) == ["migrations/versions/2026/b2.py", "migrations/versions/b2"]


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("from shop_models import Author", []),  # which it does not use
        ("from shop_models import Author\nAuthor()", ["shop_models.Author"]),
        ("from shop_models import Author as A, Base\nf(A, Base)", ["shop_models.Author", "shop_models.Base"]),
        ("import shop_models\nshop_models.Author.name", ["shop_models.Author"]),
        ("import shop_models as m\nm.table.c.id", ["shop_models.table"]),
        ("from shop_models import metadata\nmetadata.create_all()", ["shop_models.metadata"]),
        ("from shop_models import Kind, SIZE\nf(Kind, SIZE)", []),
        ("import sqlalchemy as sa\nsa.MetaData()", []),
        ("from absent import Author\nAuthor()", []),
    ],
)
def test_a_live_model(lay: Lay, monkeypatch: pytest.MonkeyPatch, text: str, used: list[str]) -> None:
    """A mapped class, a table or a metadata: a type or a constant is none."""
    module = ModuleType("shop_models")
    base = declarative_base()
    author = type("Author", (base,), {"__tablename__": "author", "id": Column(Integer, primary_key=True)})
    metadata = MetaData()
    values = {"Base": base, "Author": author, "Kind": Enum("a", name="kind"), "SIZE": 3, "metadata": metadata}
    vars(module).update({**values, "table": Table("t", metadata, Column("id", Integer))})
    monkeypatch.setitem(__import__("sys").modules, "shop_models", module)
    project = lay({"shop_models.py": "", "migrations/versions/a.py": f"revision = 'a'\ndown_revision = None\n{text}\n"})
    project.once("runs False", list)
    messages = [finding.message.split(" as it is today")[0] for finding in revisions_are_self_contained.find(project)]
    assert {message.removeprefix("it uses ") for message in messages} >= set(used)
    assert bool(messages) == bool(used)


LEAVING = [
    ({"a1": ("op.create_table('t')", "pass"), "b2": ("op.execute('UPDATE t')", "pass")}, "t", "b2.py:7"),
    ({"a1": ("op.create_table('t')", "pass"), "b2": ("op.execute('UPDATE tt')", "pass")}, "t", "a1.py:7"),
    (
        {"a1": ("op.create_table('t')", "pass"), "b2": ("op.create_index('i', 't')", "op.drop_index('i', 't')")},
        "t",
        "a1.py:7",
    ),
    ({"a1": ("op.create_table('t')", "op.drop_table('t') if x else 0")}, "t", "a1.py:7"),
    ({"a1": ("sa.Enum('a', name='kind').create(op.get_bind())", "pass")}, "kind", "a1.py:7"),
    ({"a1": ("helper()", "pass")}, "t", None),
]


@pytest.mark.parametrize(("bodies", "name", "place"), LEAVING)
def test_which_revision_leaves_something(
    lay: Lay, bodies: dict[str, tuple[str, str]], name: str, place: str | None
) -> None:
    """The last one that mentions it going up, and not going down."""
    files, before = {}, None
    for id, (up, down) in bodies.items():
        functions = f"\ndef upgrade():\n    {up}\n\ndef downgrade():\n    {down}\n"
        files[f"migrations/versions/{id}.py"] = f"revision = {id!r}\ndown_revision = {before!r}\n{functions}"
        before = id
    found = Chain(lay(files)).leaving(name)
    assert found == (place and f"migrations/versions/{place}")
